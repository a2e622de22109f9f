"""How a customer of the play is heard: in the real format of his channel, signed as the provider signs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from lotse.contracts.channels import Channel
from lotse.contracts.config import ApiAccount, Config, MailAccount, MetaAccount
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AccountId, ConversationId, MessageId, ReplyId, message_id
from lotse.contracts.references import mail_message_id, plus_address
from lotse.local.secrets import resolve
from lotse.local.standin.graph import INSTAGRAM_SCOPED
from lotse.local.webhooks import Call, Meta, mail, typed


@frozen
class Person:
    """A customer. `number` is his own in this play and makes every id of his; `stamp` differs from play to play."""

    first: str
    last: str
    number: int
    stamp: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    def id(self, *parts: int) -> str:
        """An id of something of this person's."""
        return "-".join((self.stamp, f"{self.number:05}", *(f"{part:02}" for part in parts)))


@frozen
class Answered:
    """What a customer answers to: our last reply in this conversation."""

    conversation: ConversationId
    reply: ReplyId


@frozen
class Word:
    """One call to ingest and the id that the message gets there."""

    call: Call
    message: MessageId


class Voice(Protocol):
    """One customer on one channel; `n` counts his messages from 0."""

    def say(self, n: int, text: str, at: datetime, to: Answered | None) -> Word: ...
    def edit(self, n: int, text: str, at: datetime) -> Call | None: ...
    def delete(self, n: int, at: datetime) -> Call | None: ...


@frozen
class MessengerVoice:
    meta: Meta
    person: Person
    direct: bool

    @property
    def _sender(self) -> str:
        digits = f"{self.person.stamp}{self.person.number:05}"
        return f"{INSTAGRAM_SCOPED}2{digits}" if self.direct else f"72{digits}"

    def _mid(self, n: int) -> str:
        return f"m_{self.person.id(n)}"

    def say(self, n: int, text: str, at: datetime, to: Answered | None) -> Word:
        del to
        call = self.meta.messenger(self._sender, self._mid(n), text, at, direct=self.direct)
        return Word(call, message_id(self.meta.account, self._mid(n)))

    def edit(self, n: int, text: str, at: datetime) -> Call:
        return self.meta.messenger_edited(self._sender, self._mid(n), text, 1, at, direct=self.direct)

    def delete(self, n: int, at: datetime) -> Call:
        return self.meta.messenger_deleted(self._sender, self._mid(n), at, direct=self.direct)


@frozen
class CommentVoice:
    """Comments under a post of the page or the Instagram account; later ones answer the first."""

    meta: Meta
    person: Person
    instagram: bool

    def _comment(self, n: int) -> str:
        digits = self.person.id(n).replace("-", "")
        return f"17{digits}" if self.instagram else f"4411_{digits}"

    def say(self, n: int, text: str, at: datetime, to: Answered | None) -> Word:
        del to
        call = self._call(n, text, at, "add")
        return Word(call, message_id(self.meta.account, self._comment(n)))

    def edit(self, n: int, text: str, at: datetime) -> Call | None:
        return None if self.instagram else self._call(n, text, at, "edited")

    def delete(self, n: int, at: datetime) -> Call | None:
        return None if self.instagram else self._call(n, "", at, "remove")

    def _call(self, n: int, text: str, at: datetime, verb: str) -> Call:
        parent, sender = self._comment(0) if n else None, self.person.id().replace("-", "")
        if self.instagram:
            handle = f"{self.person.first}.{self.person.last}".lower()
            return self.meta.instagram_comment(sender, handle, self._comment(n), "1799", text, at, parent=parent)
        post = f"{self.meta.settings.page_id}_4411"
        name, comment = self.person.name, self._comment(n)
        return self.meta.comment(sender, name, comment, post, text, at, parent=parent, verb=verb)


_NUMBERS = ("4917139200", "4917604069")
"""Numbers that the Bundesnetzagentur keeps for films: two more digits follow."""


@frozen
class WhatsAppVoice:
    meta: Meta
    person: Person

    @property
    def _sender(self) -> str:
        return f"{_NUMBERS[self.person.number // 100 % 2]}{self.person.number % 100:02}"

    def _wamid(self, n: int) -> str:
        return f"wamid.{self.person.id(n)}"

    def say(self, n: int, text: str, at: datetime, to: Answered | None) -> Word:
        del to
        call = self.meta.whatsapp(self._sender, self.person.name, self._wamid(n), text, at)
        return Word(call, message_id(self.meta.account, self._wamid(n)))

    def edit(self, n: int, text: str, at: datetime) -> None:
        del n, text, at

    def delete(self, n: int, at: datetime) -> Call:
        return self.meta.whatsapp_deleted(self._sender, self.person.name, f"{self._wamid(n)}-x", self._wamid(n), at)


@frozen
class MailVoice:
    account: AccountId
    settings: MailAccount
    token: str
    person: Person
    subject: str

    def say(self, n: int, text: str, at: datetime, to: Answered | None) -> Word:
        """A later mail answers ours, to the address that it named for answers."""
        own = f"<{self.person.id(n)}@post.example>"
        address = plus_address(self.settings.address, to.conversation) if to else self.settings.address
        subject = f"Re: {self.subject}" if to else self.subject
        answers = mail_message_id(to.reply, self.settings.address.rpartition("@")[2]) if to else None
        sender = (self.person.name, f"{self.person.id()}@post.example")
        call = mail(self.account, self.token, address, sender, subject, text, own, at, answers)
        return Word(call, message_id(self.account, own))

    def edit(self, n: int, text: str, at: datetime) -> None:
        del n, text, at

    def delete(self, n: int, at: datetime) -> None:
        del n, at


@frozen
class TypedVoice:
    """Letters and phone notes, typed in by somebody in the house."""

    account: AccountId
    token: str
    channel: Channel
    person: Person
    subject: str | None

    def say(self, n: int, text: str, at: datetime, to: Answered | None) -> Word:
        del to
        sender = {"id": self.person.id(), "name": self.person.name}
        own = self.person.id(n)
        call = typed(self.account, self.token, own, self.channel.value, sender, text, at, subject=self.subject)
        return Word(call, message_id(self.account, own))

    def edit(self, n: int, text: str, at: datetime) -> None:
        del n, text, at

    def delete(self, n: int, at: datetime) -> None:
        del n, at


@frozen
class Choir:
    """Makes voices for the accounts of a configuration."""

    config: Config
    secrets: Mapping[str, str]

    def voice(self, channel: Channel, person: Person, subject: str | None) -> Voice | None:
        """None where no account of the configuration takes this channel."""
        match channel:
            case Channel.EMAIL:
                return self._mail(person, subject or "")
            case Channel.MESSENGER | Channel.INSTAGRAM_DIRECT if meta := self._meta():
                return MessengerVoice(meta, person, channel is Channel.INSTAGRAM_DIRECT)
            case Channel.FACEBOOK | Channel.INSTAGRAM if meta := self._meta():
                return CommentVoice(meta, person, channel is Channel.INSTAGRAM)
            case Channel.WHATSAPP if meta := self._meta():
                return WhatsAppVoice(meta, person)
            case _:
                return self._typed(channel, person, subject)

    def _meta(self) -> Meta | None:
        for name, account in self.config.accounts.items():
            if isinstance(account, MetaAccount):
                return Meta(name, account, resolve(account.app_secret, self.secrets))
        return None

    def _mail(self, person: Person, subject: str) -> MailVoice | None:
        for name, account in self.config.accounts.items():
            if isinstance(account, MailAccount):
                return MailVoice(name, account, resolve(account.token, self.secrets), person, subject)
        return None

    def _typed(self, channel: Channel, person: Person, subject: str | None) -> TypedVoice | None:
        for name, account in self.config.accounts.items():
            if isinstance(account, ApiAccount) and channel in account.channels:
                return TypedVoice(name, resolve(account.token, self.secrets), channel, person, subject)
        return None
