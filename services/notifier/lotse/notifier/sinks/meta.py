"""Messenger, Instagram, WhatsApp and comments, by Meta's Graph API.

Sources: Messenger Platform "Send API" and "Error codes", Instagram Platform "Comment moderation", WhatsApp Cloud API
"Messages" and "Error codes", Graph API "Rate limits", all at developers.facebook.com/docs.
"""

import json
import re
from datetime import datetime, timedelta
from typing import IO
from urllib.parse import quote
from uuid import UUID

from pydantic import BaseModel, SecretStr, ValidationError

from lotse.contracts.channels import Channel
from lotse.contracts.config import MetaAccount
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import ReplyId
from lotse.contracts.references import provider_reference
from lotse.contracts.values import Address, Attachment
from lotse.notifier.core.outcome import (
    Accepted,
    Ambiguous,
    Busy,
    NotSent,
    Outcome,
    Refused,
    SignInRefused,
    Throttled,
    Uploaded,
)
from lotse.notifier.core.words import Word
from lotse.notifier.sinks import meta_files
from lotse.notifier.sinks.http import Answer, Clock, Http
from lotse.runtime.fold import Begin

_TOKEN = frozenset({102, 190})
_ACCOUNT_RATE = frozenset({4, 17, 32, 613, 80001, 80002, 80006, 80007, 130429, 131048})
_PASSING = frozenset({1, 2, 131000, 131016, 131056, 133004})
_WINDOW = frozenset({131047, 10900})
"""131047: re-engagement on WhatsApp; 10900: the comment has its one private answer."""
_WINDOW_DETAIL = frozenset({2018278, 2534022})
_RECIPIENT = frozenset({551, 131026, 131030})
_RECIPIENT_DETAIL = frozenset({2018001, 2018108})
_USER_ID = re.compile(r"[A-Z]{2}\.")
"""A business-scoped WhatsApp user id (`US.123…`), which stands in `recipient` instead of `to`."""


@frozen
class Request:
    """One call: the path below the Graph URL and the JSON body."""

    path: str
    body: dict[str, object]


@frozen
class Message:
    """One part: a text, a file that was brought before, or both where the channel takes them together."""

    text: str
    file: Attachment | None = None
    handle: str | None = None
    """What the provider calls the file."""


def request(
    account: MetaAccount, address: Address, row_id: UUID, part: Message, *, human_tag: bool, private: bool = False
) -> Request | None:
    """The call that carries one part; None where the account lacks what the channel needs.

    `private` answers the comment `address.in_reply_to` in private (Messenger Platform, "Private Replies").
    """
    reference = provider_reference(ReplyId(row_id))
    match address.channel:
        case Channel.MESSENGER | Channel.INSTAGRAM_DIRECT:
            kind: dict[str, object] = {"messaging_type": "RESPONSE", "recipient": {"id": address.recipient}}
            if private:
                kind = {"recipient": {"comment_id": address.in_reply_to}}
            elif human_tag:
                kind |= {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
            message = {**meta_files.in_message(part.text, part.file, part.handle), "metadata": reference}
            sender = quote(account.page_id or "me", safe="")
            return Request(f"/{sender}/messages", {**kind, "message": message})
        case Channel.WHATSAPP if account.phone_number_id:
            return Request(f"/{quote(account.phone_number_id, safe='')}/messages", _whatsapp(address, part, reference))
        case Channel.FACEBOOK if address.in_reply_to:
            return Request(
                f"/{quote(address.in_reply_to, safe='')}/comments", meta_files.in_comment(part.text, part.handle)
            )
        case Channel.INSTAGRAM if address.in_reply_to:
            return Request(f"/{quote(address.in_reply_to, safe='')}/replies", {"message": part.text})
        case _:
            return None


def _whatsapp(address: Address, part: Message, reference: str) -> dict[str, object]:
    who = "recipient" if _USER_ID.match(address.recipient) else "to"
    body: dict[str, object] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        who: address.recipient,
        **meta_files.in_whatsapp(part.text, part.file, part.handle),
        "biz_opaque_callback_data": reference,
    }
    if address.in_reply_to:
        body["context"] = {"message_id": address.in_reply_to}
    return body


class _Message(BaseModel):
    id: str


class _Sent(BaseModel):
    message_id: str | None = None
    id: str | None = None
    messages: tuple[_Message, ...] = ()


class _Fault(BaseModel):
    code: int = 0
    error_subcode: int = 0
    is_transient: bool = False
    message: str = ""


class _Failed(BaseModel):
    error: _Fault


def read(answer: Answer, now: datetime) -> Outcome:
    """What an answer of the Graph API means."""
    if 200 <= answer.status < 300:
        return Accepted(_provider_id(answer.body), now)
    if answer.status == 504:
        return Ambiguous()
    fault = _fault(answer.body)
    if fault.code in _TOKEN or answer.status == 401:
        return SignInRefused()
    if fault.code in _PASSING:
        return Busy(answer.wait(now))
    if fault.code in _ACCOUNT_RATE or answer.status == 429:
        return Throttled(answer.wait(now))
    if answer.status >= 500 or fault.is_transient:
        return Busy(answer.wait(now))
    return Refused(_word(fault), fault.message)


def _provider_id(body: bytes) -> str | None:
    try:
        sent = _Sent.model_validate_json(body)
    except ValidationError:
        return None
    return sent.messages[0].id if sent.messages else sent.message_id or sent.id


def _fault(body: bytes) -> _Fault:
    try:
        return _Failed.model_validate_json(body).error
    except ValidationError:
        return _Fault()


def _word(fault: _Fault) -> Word:
    if fault.code in _WINDOW or fault.error_subcode in _WINDOW_DETAIL:
        return Word.WINDOW
    if fault.code in _RECIPIENT or fault.error_subcode in _RECIPIENT_DETAIL:
        return Word.RECIPIENT
    if fault.code in (3, 10) or 200 <= fault.code < 300:
        return Word.FORBIDDEN
    return Word.REFUSED


class Meta:
    """One Meta account's way out."""

    def __init__(self, http: Http, account: MetaAccount, token: SecretStr, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._account = account
        self._token = token

    async def send(
        self,
        address: Address,
        row_id: UUID,
        part: Message,
        begin: Begin,
        *,
        human_tag: bool,
        private: bool = False,
        traceparent: str | None,
    ) -> Outcome:
        """Send one part of a message."""
        made = request(self._account, address, row_id, part, human_tag=human_tag, private=private)
        if made is None:
            return Refused(Word.NO_ACCOUNT)
        headers = self._headers(traceparent)
        body = json.dumps(made.body, ensure_ascii=False).encode()
        answer = await self._http.post(self._account.graph_url.rstrip("/") + made.path, body, headers, begin=begin)
        match answer:
            case Answer():
                return read(answer, self._clock())
            case NotSent() | Ambiguous() | Refused():
                return answer

    async def upload(
        self, channel: Channel, file: Attachment, body: IO[bytes], longer: timedelta, traceparent: str | None
    ) -> Outcome:
        """Bring a file to Meta, where nobody sees it until a message names it; bringing it again does no harm."""
        made = meta_files.upload(self._account, channel, file, body)
        if made is None:
            return Refused(Word.NO_ACCOUNT)
        url = self._account.graph_url.rstrip("/") + made.path
        answer = await self._http.post(url, made.form, self._headers(traceparent), longer)
        match answer:
            case Answer(status=status) if 200 <= status < 300:
                handle = meta_files.handle_of(answer.body)
                return Refused() if handle is None else Uploaded(handle)
            case Answer():
                return read(answer, self._clock())
            case NotSent() | Ambiguous() | Refused():
                return answer

    def _headers(self, traceparent: str | None) -> dict[str, str]:
        headers = {"authorization": f"Bearer {self._token.get_secret_value()}"}
        return headers if traceparent is None else {**headers, "traceparent": traceparent}
