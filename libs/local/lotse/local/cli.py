"""`lotse`: one command for whoever runs Lotse, on one machine or many."""

from lotse.local.commands import stack
from lotse.local.commands.data import inbox, parked
from lotse.local.commands.looking import configs, link, token, trace
from lotse.local.commands.shared import group
from lotse.local.commands.topics import topics
from lotse.local.commands.unparsed import unparsed

app = group("Lotse: online customer service as a stream of events. Begin with `lotse demo`.")
app.command()(stack.up)
app.command()(stack.demo)
app.command("play")(stack.play_)
app.command()(stack.reset)
app.command()(trace)
app.command()(token)
app.command()(link)
app.add_typer(parked, name="parked")
app.add_typer(unparsed, name="unparsed")
app.add_typer(topics, name="topics")
app.add_typer(inbox, name="inbox")
app.add_typer(configs, name="config")


def main() -> None:
    app(prog_name="lotse")
