"""What a WhatsApp message holds: the same in a message and in its edit."""

import re

from lotse.ingest.channels.parsed import Id, Incoming

_MEDIA_TYPE = re.compile(r"[a-zA-Z0-9!#$&^_.+-]{1,60}/[a-zA-Z0-9!#$&^_.+-]{1,60}")


class _Text(Incoming):
    body: str = ""


class _File(Incoming):
    id: Id
    mime_type: str = ""
    caption: str | None = None
    filename: str | None = None

    def media_type(self) -> str:
        """The type without parameters; some senders escape the slash once too often."""
        given = self.mime_type.replace("\\/", "/").partition(";")[0].strip()
        return given.lower() if _MEDIA_TYPE.fullmatch(given) else "application/octet-stream"


class _Button(Incoming):
    text: str = ""


class _Choice(Incoming):
    title: str = ""


class _Flow(Incoming):
    body: str = ""
    response_json: str | None = None


class _Interactive(Incoming):
    button_reply: _Choice | None = None
    list_reply: _Choice | None = None
    nfm_reply: _Flow | None = None

    def text(self) -> str:
        choice = self.button_reply or self.list_reply
        if choice is not None:
            return choice.title
        return (self.nfm_reply.response_json or self.nfm_reply.body) if self.nfm_reply else ""


class _Location(Incoming):
    latitude: float
    longitude: float
    name: str | None = None
    address: str | None = None

    def text(self) -> str:
        where = f"{self.latitude}, {self.longitude}"
        return "\n".join(filter(None, (self.name, self.address, where)))


class _Name(Incoming):
    formatted_name: str | None = None


class _Phone(Incoming):
    phone: str | None = None
    wa_id: str | None = None


class _Card(Incoming):
    name: _Name | None = None
    phones: tuple[_Phone, ...] | None = None

    def text(self) -> str:
        numbers = (entry.phone or entry.wa_id for entry in self.phones or ())
        return " ".join(filter(None, (self.name and self.name.formatted_name, *numbers)))


class _Product(Incoming):
    product_retailer_id: str = ""
    quantity: int = 1


class _Order(Incoming):
    text: str | None = None
    product_items: tuple[_Product, ...] = ()

    def lines(self) -> str:
        items = (f"{item.quantity} × {item.product_retailer_id}" for item in self.product_items)
        return "\n".join(filter(None, (self.text, *items)))


class Content(Incoming):
    """A message's type and the field of that name."""

    type: str = ""
    text: _Text | None = None
    button: _Button | None = None
    interactive: _Interactive | None = None
    image: _File | None = None
    video: _File | None = None
    audio: _File | None = None
    document: _File | None = None
    sticker: _File | None = None
    location: _Location | None = None
    contacts: tuple[_Card, ...] | None = None
    order: _Order | None = None

    def file(self) -> _File | None:
        return self.image or self.video or self.audio or self.document or self.sticker

    def text_of(self) -> str | None:
        """What a person reads of it; None where this release does not know the type."""
        if self.text is not None:
            return self.text.body
        if self.button is not None:
            return self.button.text
        if self.interactive is not None:
            return self.interactive.text()
        if self.location is not None:
            return self.location.text()
        if self.contacts is not None:
            return "\n".join(card.text() for card in self.contacts)
        if self.order is not None:
            return self.order.lines()
        file = self.file()
        if file is not None:
            return file.caption or ""
        return "" if self.type in ("unsupported", "unknown") else None
