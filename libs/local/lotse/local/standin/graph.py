"""The Graph API's side of sending: who may send, what is accepted, and in which shape it answers.

Sources: Messenger Platform "Send API", Graph API "Handle errors", Instagram Platform "Comment moderation", WhatsApp
Cloud API "Messages", all at developers.facebook.com/docs.
"""

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import cast
from urllib.parse import parse_qs, unquote
from uuid import UUID

from lotse.contracts.channels import Channel
from lotse.contracts.config import Config, MetaAccount
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AccountId
from lotse.contracts.references import reply_of
from lotse.local.standin.faults import Fault
from lotse.local.standin.http import Request, Response
from lotse.runtime.settings import secret

Json = Mapping[str, object]

INSTAGRAM = b"instagram"

INSTAGRAM_SCOPED = "1784"
"""Where Meta knows by itself whether a person writes on Messenger or Instagram, here the id's beginning tells."""


@frozen
class Sender:
    """One Meta account and what it signs in with."""

    id: AccountId
    settings: MetaAccount
    token: str
    app_secret: str


def senders(config: Config) -> list[Sender]:
    """The Meta accounts of the configuration with their secrets. Raises SettingsError naming what is missing."""
    return [
        Sender(name, account, _secret(account.access_token), _secret(account.app_secret))
        for name, account in config.accounts.items()
        if isinstance(account, MetaAccount)
    ]


def _secret(ref: str) -> str:
    return secret(ref).get_secret_value()


@frozen
class Wish:
    """What one request wants sent."""

    channel: Channel
    recipient: str
    text: str
    reply_id: UUID | None = None
    reference: str | None = None
    in_reply_to: str | None = None
    file: str | None = None
    """The id of a file that was brought before."""
    kind: str = ""
    """As what the file is sent."""
    private: bool = False
    """It answers the comment `in_reply_to` in private, which goes once."""

    def answer(self, provider_id: str) -> Response:
        """The answer that tells the id."""
        match self.channel:
            case Channel.WHATSAPP:
                body: Json = {
                    "messaging_product": "whatsapp",
                    "contacts": [{"input": self.recipient, "wa_id": self.recipient.lstrip("+")}],
                    "messages": [{"id": provider_id}],
                }
            case Channel.MESSENGER | Channel.INSTAGRAM_DIRECT:
                body = {"recipient_id": self.recipient, "message_id": provider_id}
            case _:
                body = {"id": provider_id}
        return Response(200, json.dumps(body).encode())

    def new_id(self) -> str:
        """An id in the provider's own form."""
        match self.channel:
            case Channel.WHATSAPP:
                return f"wamid.{base64.b64encode(secrets.token_bytes(30)).decode()}"
            case Channel.MESSENGER | Channel.INSTAGRAM_DIRECT:
                return f"m_{secrets.token_urlsafe(32)}"
            case Channel.FACEBOOK:
                return f"{(self.in_reply_to or '').partition('_')[0]}_{secrets.randbelow(10**15)}"
            case _:
                return f"1{secrets.randbelow(10**16):016d}"


def sign_in(request: Request, known: Sequence[Sender]) -> Sender | Response:
    """Whose access token it is, in the header or the query; else the error that Meta answers."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if not given and request.query:
        given = parse_qs(request.query).get("access_token", [""])[0]
    found = next((sender for sender in known if secrets.compare_digest(sender.token.encode(), given.encode())), None)
    return found or error(401, 190, "Invalid OAuth access token - Cannot parse access token")


def node_and_edge(request: Request) -> tuple[str, str]:
    """Whom a request below the version in the path speaks to, and of what."""
    node, _, edge = unquote(request.path).rpartition("/")
    return node.rpartition("/")[2], edge


def read(request: Request, sender: Sender) -> Wish | Response:
    """What a request asks to send; else the error that Meta answers."""
    node, edge = node_and_edge(request)
    try:
        body = cast("dict[str, object]", json.loads(request.body))
        match edge:
            case "messages" if node == sender.settings.phone_number_id:
                return _whatsapp(body)
            case "messages" if node in (sender.settings.page_id, sender.settings.instagram_id, "me"):
                return _messenger(body)
            case "comments":
                return _comment(node, body)
            case "replies":
                return Wish(Channel.INSTAGRAM, node, _text(body, "message"), in_reply_to=node)
            case _:
                message = f"Unsupported post request. Object with ID '{node}' does not exist"
                return error(400, 100, message, "GraphMethodException")
    except (ValueError, KeyError, TypeError, AttributeError):
        return error(400, 100, "(#100) Param is missing or wrong")


def _comment(node: str, body: dict[str, object]) -> Wish:
    """A text, a photo, or both."""
    if "attachment_id" not in body:
        return Wish(Channel.FACEBOOK, node, _text(body, "message"), in_reply_to=node)
    words = _text(body, "message") if "message" in body else ""
    photo = _text(body, "attachment_id")
    return Wish(Channel.FACEBOOK, node, words, in_reply_to=node, file=photo, kind="image")


def _messenger(body: dict[str, object]) -> Wish:
    message, to = _part(body, "message"), _part(body, "recipient")
    comment = _text(to, "comment_id") if "comment_id" in to else None
    recipient = comment or _text(to, "id")
    reference = message.get("metadata")
    named = reference if isinstance(reference, str) else None
    direct = recipient.startswith(INSTAGRAM_SCOPED)
    channel = Channel.INSTAGRAM_DIRECT if direct else Channel.MESSENGER
    if "attachment" not in message:
        text = _text(message, "text")
        return Wish(channel, recipient, text, reply_of(named), named, comment, private=comment is not None)
    attachment = _part(message, "attachment")
    file, kind = _text(_part(attachment, "payload"), "attachment_id"), _text(attachment, "type")
    private = comment is not None
    return Wish(channel, recipient, "", reply_of(named), named, comment, file=file, kind=kind, private=private)


def _whatsapp(body: dict[str, object]) -> Wish:
    reference = body.get("biz_opaque_callback_data")
    named = reference if isinstance(reference, str) else None
    recipient = body["to"] if "to" in body else body["recipient"]
    context = _part(body, "context").get("message_id") if "context" in body else None
    context = str(context) if context else None
    kind = _text(body, "type")
    if kind == "text":
        text = _text(_part(body, "text"), "body")
        return Wish(Channel.WHATSAPP, str(recipient), text, reply_of(named), named, context)
    media = _part(body, kind)
    caption = _text(media, "caption") if "caption" in media else ""
    file = _text(media, "id")
    return Wish(Channel.WHATSAPP, str(recipient), caption, reply_of(named), named, context, file=file, kind=kind)


def _part(body: dict[str, object], name: str) -> dict[str, object]:
    found = body[name]
    if not isinstance(found, dict):
        raise TypeError(name)
    return cast("dict[str, object]", found)


def _text(body: dict[str, object], name: str) -> str:
    found = body[name]
    if not isinstance(found, str) or not found:
        raise TypeError(name)
    return found


def error(
    status: int, code: int, message: str, kind: str = "OAuthException", headers: Mapping[str, str] | None = None
) -> Response:
    """An error in the Graph API's shape."""
    fault = {"message": message, "type": kind, "code": code, "fbtrace_id": secrets.token_urlsafe(8)}
    return Response(status, json.dumps({"error": fault}).encode(), headers or {})


def refusal(fault: Fault) -> Response | None:
    """The answer that a fault wants instead of acceptance; None where the request is accepted all the same."""
    match fault.fault:
        case "throttle":
            after = {"retry-after": str(fault.retry_after)}
            return error(
                429, fault.code or 613, "Calls to this api have exceeded the rate limit.", "OAuthException", after
            )
        case "error":
            return error(
                500, fault.code or 2, "An unexpected error has occurred. Please retry later.", "OAuthException"
            )
        case "refuse":
            return error(401, fault.code or 190, "Error validating access token: Session has expired")
        case "delay" | "drop":
            return None
