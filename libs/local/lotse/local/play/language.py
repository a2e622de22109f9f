"""What the demo says, in German or English."""

from collections.abc import Mapping
from typing import Literal

from lotse.contracts.frozen import frozen

Language = Literal["de", "en"]


@frozen
class Texts:
    """Every word of the demo in one language; braces are filled in."""

    runs: str
    places: Mapping[str, str]
    sign_in: str
    once: str
    hints: tuple[str, ...]
    yourself: str
    hello: str
    stopping: str
    stopped: str
    day: str
    quiet: str
    customer: str
    quote: str
    said: str
    edited: str
    removed: str
    reads: str
    unsure: str
    assigned: str
    by: str
    taken_back: str
    handed_over: str
    relaxed: str
    replied: str
    elsewhere: str
    read: str
    acknowledged: str
    blocked: str
    failed: str
    noted: str
    resolved: str
    aside: str
    warned: str
    moved: str
    missed: str
    late: str
    alarm: str
    online: str
    away: str
    offline: str
    words: Mapping[str, str]


_GERMAN = Texts(
    runs="Lotse läuft.",
    places={
        "desk": "Schreibtisch",
        "api": "API",
        "ingest": "Webhooks",
        "standin": "Anbieter (nachgestellt)",
        "traces": "Spuren",
    },
    sign_in="Anmelden als {name}",
    once="Jeder Link gilt einmal, 15 Minuten lang. Einen neuen macht: uv run lotse link",
    hints=(
        "Token für die API: uv run lotse token    Ein Gespräch verfolgen: uv run lotse trace <Kennung am Zeilenende>",
        "Aufhören: Strg-C (die Daten bleiben). Alles vergessen: make reset",
    ),
    yourself="Selbst schreiben:",
    hello="Moin, wo ist mein Paket?",
    stopping="\nWird angehalten …",
    stopped="Angehalten. Die Daten bleiben bis `make reset`.",
    day="Ein Tag im Kundenservice beginnt: {customers} Kunden, {agents} Agenten, eine Minute hier sind {speed:g} dort.",
    quiet="Der Tag ist zu Ende.",
    customer="Kunde",
    quote="„{}“",
    said="{channel}: {text}",
    edited="ändert seine Nachricht: {text}",
    removed="löscht seine Nachricht",
    reads="liest sich {how}",
    unsure="unsicher",
    assigned="an {agent}{skills}{by}",
    by=", Antwort bis {time}",
    taken_back="zurück in die Warteschlange ({reason})",
    handed_over="von {previous} an {agent} ({reason})",
    relaxed="niemand frei mit {skills}: es geht auch ohne",
    replied="{agent} antwortet: {text}",
    elsewhere="wurde außerhalb beantwortet: {text}",
    read="hat es gelesen",
    acknowledged="bekommt eine Eingangsbestätigung",
    blocked="{agent} wird gebremst: {what} gehört nicht in die Öffentlichkeit",
    failed="Antwort ging nicht hinaus: {detail}",
    noted="{agent} notiert: {text}",
    resolved="erledigt",
    aside="beiseitegelegt: {what}",
    warned="wird knapp: Antwort bis {time}",
    moved="Antwort jetzt bis {time}",
    missed="Frist verpasst: Antwort war bis {time} versprochen",
    late="doch noch beantwortet, nach der Frist",
    alarm="Alarm an {sink}",
    online="{agent} ist da",
    away="{agent} macht Pause",
    offline="{agent} hat Feierabend",
    words={
        "positive": "positiv",
        "negative": "negativ",
        "neutral": "neutral",
        "crisis": "Krise",
        "question": "Frage",
        "complaint": "Beschwerde",
        "untruth": "Unwahres",
        "compliment": "Kompliment",
        "quote_request": "Angebotswunsch",
        "service": "Anliegen",
        "noise": "Rauschen",
        "praise": "Lob",
        "lead": "Interessent",
        "spam": "Spam",
        "delivery": "Lieferung",
        "billing": "Rechnung",
        "returns": "Rückgabe",
        "product": "Produkt",
        "account": "Konto",
        "appointment": "Termin",
        "staff": "Personal",
        "website": "Website",
        "price": "Preis",
        "contract": "Vertrag",
        "repair": "Reparatur",
        "availability": "Verfügbarkeit",
        "network": "Netz",
        "privacy": "Datenschutz",
        "safety": "Sicherheit",
        "transport": "Verkehr",
        "messenger": "Messenger",
        "facebook": "Facebook-Kommentar",
        "instagram": "Instagram-Kommentar",
        "instagram-direct": "Instagram Direct",
        "whatsapp": "WhatsApp",
        "email": "E-Mail",
        "letter": "Brief",
        "phone": "Anruf",
        "in-app": "App",
        "iban": "Eine IBAN",
        "email-address": "Eine E-Mail-Adresse",
        "pii": "Persönliches",
        "complaints": "Beschwerden",
        "sales": "Beratung",
        "public_voice": "öffentlich",
        "matched": "passt",
        "handed_back": "Feierabend",
        "offline": "nicht mehr da",
        "left": "nicht mehr da",
    },
)

_ENGLISH = Texts(
    runs="Lotse is running.",
    places={"desk": "Desk", "api": "API", "ingest": "Webhooks", "standin": "Providers (stand-in)", "traces": "Traces"},
    sign_in="Sign in as {name}",
    once="Each link works once, for 15 minutes. A new one is made by: uv run lotse link",
    hints=(
        "Token for the API: uv run lotse token    Follow a conversation: uv run lotse trace <id at the line's end>",
        "Stop: Ctrl-C (the data stay). Forget everything: make reset",
    ),
    yourself="Write yourself:",
    hello="Hello, where is my parcel?",
    stopping="\nStopping …",
    stopped="Stopped. The data stay until `make reset`.",
    day="A day in customer care begins: {customers} customers, {agents} agents, one minute here is {speed:g} there.",
    quiet="The day is over.",
    customer="customer",
    quote="“{}”",
    said="{channel}: {text}",
    edited="changes the message: {text}",
    removed="deletes the message",
    reads="reads {how}",
    unsure="unsure",
    assigned="to {agent}{skills}{by}",
    by=", answer by {time}",
    taken_back="back in the queue ({reason})",
    handed_over="from {previous} to {agent} ({reason})",
    relaxed="nobody free with {skills}: it goes without",
    replied="{agent} answers: {text}",
    elsewhere="was answered elsewhere: {text}",
    read="has read it",
    acknowledged="gets a confirmation",
    blocked="{agent} is held back: {what} does not belong in public",
    failed="the answer did not go out: {detail}",
    noted="{agent} notes: {text}",
    resolved="resolved",
    aside="set aside: {what}",
    warned="getting close: answer by {time}",
    moved="answer now by {time}",
    missed="deadline missed: an answer was promised by {time}",
    late="answered after all, after the deadline",
    alarm="alarm to {sink}",
    online="{agent} is here",
    away="{agent} takes a break",
    offline="{agent} has gone home",
    words={
        "quote_request": "quote request",
        "email": "e-mail",
        "facebook": "Facebook comment",
        "instagram": "Instagram comment",
        "instagram-direct": "Instagram Direct",
        "messenger": "Messenger",
        "whatsapp": "WhatsApp",
        "phone": "phone call",
        "iban": "An IBAN",
        "email-address": "An e-mail address",
        "pii": "Something personal",
        "public_voice": "public voice",
        "handed_back": "going home",
        "left": "gone",
        "offline": "gone",
    },
)


def language_of(environment: Mapping[str, str]) -> Language:
    """LOTSE_LANG, else the terminal's language; German unless it is English."""
    told = environment.get("LOTSE_LANG") or environment.get("LC_ALL") or environment.get("LANG") or ""
    return "en" if told.lower().startswith("en") else "de"


def texts(environment: Mapping[str, str]) -> Texts:
    return _ENGLISH if language_of(environment) == "en" else _GERMAN
