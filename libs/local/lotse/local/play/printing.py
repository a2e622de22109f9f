"""Lines for a terminal, in colour; plain where the output goes elsewhere."""

from rich.console import Console
from rich.text import Text

from lotse.local.play.lines import Line

_WHO = 15
_PLAIN_WIDTH = 200


class Printer:
    """Prints one line for each thing, cut to the terminal's width."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        self._console.print(Text(text, style="bold"))

    def show(self, line: Line) -> None:
        made = Text(f"{line.at.astimezone():%H:%M:%S} ", style="dim")
        made.append(f"{line.mark} ", style=line.style)
        made.append(f"{_short(line.who):<{_WHO}} ")
        tail = f"  {str(line.conversation)[:8]}" if line.conversation else ""
        room = (self._console.width if self._console.is_terminal else _PLAIN_WIDTH) - made.cell_len - len(tail)
        text = Text(line.text, style=line.style)
        text.truncate(max(20, room), overflow="ellipsis")
        made.append_text(text)
        made.append(tail, style="dim")
        self._console.print(made)


def _short(name: str) -> str:
    """First name and initial, as far as there is room."""
    first, _, last = name.partition(" ")
    short = f"{first} {last[0]}." if last else first
    return short if len(short) <= _WHO else f"{short[: _WHO - 1]}…"
