"""The stand-in's addresses, put together."""

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast
from urllib.parse import parse_qs

from pydantic import ValidationError

from lotse.contracts.channels import Channel
from lotse.contracts.config import Config
from lotse.contracts.envelope import problems
from lotse.local.standin import alerts, files, graph
from lotse.local.standin.echoes import Echoes
from lotse.local.standin.faults import Fault, Faults
from lotse.local.standin.files import File, Shelf
from lotse.local.standin.graph import Sender, Wish
from lotse.local.standin.http import Connection, Request, Response
from lotse.local.standin.mail import Mailbox, session
from lotse.local.standin.seen import Seen

_COMMENTS = ("facebook", "instagram")
_MESSENGER = (Channel.MESSENGER, Channel.INSTAGRAM_DIRECT)
_NODE = re.compile(r"/v[0-9.]+/[0-9]+")


@dataclass(slots=True)
class App:
    """Everything that the stand-in answers."""

    senders: Sequence[Sender]
    alert_keys: Sequence[bytes]
    seen: Seen
    faults: Faults
    echoes: Echoes
    shelf: Shelf = field(default_factory=Shelf)
    privately: set[str] = field(default_factory=set[str])
    """Comments that were answered in private."""

    @classmethod
    def of(cls, config: Config, ingest: str, *, telling: bool) -> "App":
        """For a configuration. Raises SettingsError naming a secret that is missing."""
        echoes = Echoes(ingest, telling=telling)
        return cls(graph.senders(config), alerts.keys(config), Seen(), Faults(), echoes)

    def handle(self, request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/seen":
                return self._tell(request)
            case "POST", "/behave":
                return self._behave(request)
            case "DELETE", "/behave":
                self.faults.clear()
                return Response(200)
            case "POST", "/media":
                return self.shelf.placed(request, self.senders[0].id if self.senders else "")
            case "POST", "/alerts":
                return self._counted(self._alert(request))
            case "POST", _:
                return self._counted(self._send(request))
            case "GET", "/":
                return Response(200, b'{"see": ["GET /seen", "POST /behave", "DELETE /behave"]}')
            case "GET", path if path.startswith(files.MEDIA):
                return self.shelf.handed_out(request)
            case "GET", path if _NODE.fullmatch(path):
                return self._describe(request)
            case _:
                return Response(404, b'{"error": "GET /seen, POST /behave or a path of the Graph API"}')

    def _counted(self, response: Response) -> Response:
        if response.status >= 400:
            self.seen.refused[str(response.status)] += 1
        return response

    def _tell(self, request: Request) -> Response:
        asked = parse_qs(request.query)
        since = asked.get("since", ["0"])[0]
        if not since.isdecimal():
            return Response(400, b'{"error": "since is a number"}')
        return Response(200, self.seen.document(None if "counts" in asked else int(since)))

    def _behave(self, request: Request) -> Response:
        try:
            self.faults.add(Fault.model_validate_json(request.body))
        except ValidationError as error:
            return Response(400, json.dumps({"error": problems(error)}).encode())
        return Response(200)

    def _send(self, request: Request) -> Response:
        sender = graph.sign_in(request, self.senders)
        if isinstance(sender, Response):
            return sender
        brought = files.read(request, sender)
        if brought is not None:
            return brought if isinstance(brought, Response) else self._bring(sender, *brought)
        wish = graph.read(request, sender)
        if isinstance(wish, Response):
            return wish
        if wish.file is not None and self.shelf.taken(sender.id, wish.file) is None:
            return graph.error(400, 100, "(#100) Invalid attachment id")
        fault = self.faults.next("comments" if wish.channel.value in _COMMENTS else "messages")
        refused = graph.refusal(fault) if fault else None
        if refused is not None:
            return refused
        if wish.private and wish.recipient in self.privately:
            return graph.error(400, 10900, "(#10900) Activity already replied to")
        if wish.private:
            self.privately.add(wish.recipient)
        return self._accept(sender, wish, fault)

    def _describe(self, request: Request) -> Response:
        sender = graph.sign_in(request, self.senders)
        return sender if isinstance(sender, Response) else self.shelf.described(request, sender.id)

    def _bring(self, sender: Sender, channel: Channel, file: File) -> Response:
        """Keep a file for a message to come."""
        fault = self.faults.next("uploads")
        if fault and (refused := graph.refusal(fault)):
            return refused
        number = self.shelf.bring(sender.id, file)
        name = "attachment_id" if channel in _MESSENGER else "id"
        return _disturbed(Response(200, json.dumps({name: number}).encode()), fault)

    def _accept(self, sender: Sender, wish: Wish, fault: Fault | None) -> Response:
        provider_id = wish.new_id()
        drop = fault is not None and fault.fault == "drop"
        self.seen.accept(
            wish.channel.value,
            sender.id,
            wish.recipient,
            wish.text,
            provider_id,
            reply_id=wish.reply_id,
            in_reply_to=wish.in_reply_to,
            answered=not drop,
            files=[file.shown()] if wish.file and (file := self.shelf.taken(sender.id, wish.file)) else [],
        )
        self.echoes.of(sender, wish, provider_id)
        return _disturbed(wish.answer(provider_id), fault)

    def _alert(self, request: Request) -> Response:
        fault = self.faults.next("alerts")
        if fault and (refused := graph.refusal(fault)):
            return refused
        verified = alerts.is_signed(request, self.alert_keys, datetime.now(UTC))
        kind, conversation = _event(request.body)
        self.seen.alert(request.headers.get("webhook-id", ""), kind, conversation, verified=verified)
        return _disturbed(Response(200), fault) if verified else Response(401, b'{"error": "the signature is wrong"}')


def _disturbed(response: Response, fault: Fault | None) -> Response:
    """The answer of an accepted request, late or never."""
    if fault is None:
        return response
    delay = fault.seconds if fault.fault == "delay" else 0.0
    return Response(response.status, response.body, response.headers, delay, drop=fault.fault == "drop")


def _event(body: bytes) -> tuple[str, str | None]:
    """Type and conversation of a CloudEvent; empty where it is none."""
    try:
        event = cast("dict[str, object]", json.loads(body))
        data = event.get("data")
        named = cast("dict[str, object]", data).get("conversation_id") if isinstance(data, dict) else None
        return str(event.get("type", "")), str(named) if named else None
    except (ValueError, AttributeError):
        return "", None


async def serve(
    config: Config, port: int, smtp_port: int, ingest: str, *, telling: bool, host: str = "127.0.0.1"
) -> None:
    """Answer until cancelled."""
    app, loop = App.of(config, ingest, telling=telling), asyncio.get_running_loop()
    mailbox = Mailbox(config, app.seen, app.faults, app.shelf)
    async with (
        await loop.create_server(lambda: Connection(app.handle), host, port),
        await loop.create_server(lambda: session(mailbox), host, smtp_port),
    ):
        await app.echoes.run()
