"""Messages for load: the project's own, German and English, each from a customer of its own."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

from bench.load import Sample
from lotse.contracts.ids import message_id
from lotse.local.webhooks import Meta

TEXTS = (
    "Guten Tag, meine Bestellung ist seit zwei Wochen unterwegs und niemand meldet sich. Wann kommt sie endlich?",
    "Hallo, können Sie mir bitte sagen, ob der Regenmantel auch in Größe L lieferbar ist?",
    "Ich bin wirklich enttäuscht: schon zum dritten Mal wurde die falsche Ware geliefert.",
    "Vielen Dank für die schnelle Hilfe gestern, das war großartig!",
    "Auf der Rechnung steht ein falscher Betrag, bitte prüfen Sie das.",
    "My parcel arrived damaged and the support line has been busy all day. What now?",
    "Could you tell me how I can change the delivery address of my order, please?",
    "The refund was promised last week and I still have not received anything.",
    "Wie lange haben Sie am Samstag geöffnet? Ich würde gern einen Umtausch machen.",
    "Die App stürzt beim Bezahlen immer wieder ab, das ist sehr ärgerlich.",
)


def messenger(meta: Meta, run: str) -> Iterator[Sample]:
    """Private messages, each from a new customer; ids are unique within a run."""
    for number in itertools.count():
        mid = f"m_{run}_{number}"
        call = meta.messenger(f"7{run}{number:08d}", mid, TEXTS[number % len(TEXTS)], datetime.now(UTC))
        yield Sample(str(message_id(meta.account, mid)), call)


def whatsapp(meta: Meta, run: str) -> Iterator[Sample]:
    """The same by WhatsApp."""
    for number in itertools.count():
        wamid = f"wamid.{run}.{number}"
        call = meta.whatsapp(f"49151{number:08d}", "Kim", wamid, TEXTS[number % len(TEXTS)], datetime.now(UTC))
        yield Sample(str(message_id(meta.account, wamid)), call)
