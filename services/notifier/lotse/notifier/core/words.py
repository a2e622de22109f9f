"""What an agent is told when a message did not go out."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from lotse.contracts.values import Language


class Word(StrEnum):
    """Each thing that an agent can be told."""

    REFUSED = "refused"
    RECIPIENT = "recipient"
    OURSELVES = "ourselves"
    WINDOW = "window"
    FORBIDDEN = "forbidden"
    UNDELIVERED = "undelivered"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"
    TOO_LATE = "too_late"
    ACCOUNT_STOPPED = "account_stopped"
    NO_ACCOUNT = "no_account"
    ATTACHMENTS = "attachments"
    TOO_MANY_FILES = "too_many_files"
    FILE_TYPE = "file_type"
    FILE_TOO_LARGE = "file_too_large"
    TEXT_OR_FILE = "text_or_file"
    FILE_GONE = "file_gone"
    FILE_AWAY = "file_away"
    PII = "pii"
    TOO_LONG = "too_long"
    EMPTY = "empty"
    NOT_ANSWERABLE = "not_answerable"
    GONE = "gone"
    NETWORK = "network"


_GERMAN = {
    Word.REFUSED: "Der Anbieter hat die Nachricht abgelehnt.",
    Word.RECIPIENT: "Der Anbieter kennt den Empfänger nicht oder erreicht ihn nicht.",
    Word.OURSELVES: "Die Nachricht kam von unserer eigenen Adresse, und wer sie schrieb, steht nicht in Reply-To. "
    "Bitte auf anderem Weg antworten.",
    Word.WINDOW: "Die Frist für freie Antworten auf diesem Kanal ist abgelaufen. Bitte einen anderen Kanal wählen.",
    Word.FORBIDDEN: "Das Konto darf an diese Stelle nicht schreiben. Bitte die Rechte beim Anbieter prüfen lassen.",
    Word.UNDELIVERED: "Der Anbieter konnte die Nachricht nicht zustellen.",
    Word.UNKNOWN: "Ob die Nachricht angekommen ist, lässt sich nicht feststellen. "
    "Bitte beim Anbieter nachsehen, bevor sie noch einmal geschrieben wird.",
    Word.UNREACHABLE: "Der Anbieter war zu lange nicht erreichbar.",
    Word.TOO_LATE: "Die Nachricht konnte nicht mehr rechtzeitig gesendet werden.",
    Word.ACCOUNT_STOPPED: "Der Anbieter nimmt die Anmeldung dieses Kontos nicht an. Es muss neu angemeldet werden.",
    Word.NO_ACCOUNT: "Über dieses Konto kann auf diesem Kanal nicht geantwortet werden. "
    "Bitte die Einstellungen prüfen lassen.",
    Word.ATTACHMENTS: "Auf diesem Kanal können keine Dateien gesendet werden.",
    Word.TOO_MANY_FILES: "Das sind mehr Dateien, als auf diesem Kanal mit einer Antwort gehen.",
    Word.FILE_TYPE: "Eine Datei ist von einer Art, die dieser Kanal nicht nimmt.",
    Word.FILE_TOO_LARGE: "Eine Datei ist für diesen Kanal zu groß.",
    Word.TEXT_OR_FILE: "Hier geht nur eine Nachricht: entweder Text oder eine Datei.",
    Word.FILE_GONE: "Eine angehängte Datei ist nicht mehr da. Bitte die Antwort mit der Datei neu schreiben.",
    Word.FILE_AWAY: "Eine angehängte Datei war zu lange nicht erreichbar.",
    Word.PII: "Die Antwort ist öffentlich und enthält persönliche Daten. Bitte privat antworten.",
    Word.TOO_LONG: "Die Antwort ist für diesen Kanal zu lang.",
    Word.EMPTY: "Die Antwort ist leer.",
    Word.NOT_ANSWERABLE: "Auf diesem Kanal kann nicht geantwortet werden.",
    Word.GONE: "Der Endpunkt nimmt nichts mehr an (410).",
    Word.NETWORK: "Die Adresse liegt in einem Netz, das nicht erlaubt ist.",
}

_ENGLISH = {
    Word.REFUSED: "The provider refused the message.",
    Word.RECIPIENT: "The provider does not know the recipient or cannot reach them.",
    Word.OURSELVES: "The message came from our own address, and its Reply-To does not say who wrote it. "
    "Please answer in another way.",
    Word.WINDOW: "The time for free answers on this channel is over. Please choose another channel.",
    Word.FORBIDDEN: "The account may not write there. Please have its rights with the provider checked.",
    Word.UNDELIVERED: "The provider could not deliver the message.",
    Word.UNKNOWN: "Nobody can tell whether the message arrived. Please look at the provider before writing it again.",
    Word.UNREACHABLE: "The provider could not be reached for too long.",
    Word.TOO_LATE: "The message could not be sent in time any more.",
    Word.ACCOUNT_STOPPED: "The provider does not accept this account's sign-in. Somebody must sign it in again.",
    Word.NO_ACCOUNT: "This account cannot answer on this channel. Please have the settings checked.",
    Word.ATTACHMENTS: "Files cannot be sent on this channel.",
    Word.TOO_MANY_FILES: "These are more files than one answer takes on this channel.",
    Word.FILE_TYPE: "A file is of a type that this channel does not take.",
    Word.FILE_TOO_LARGE: "A file is too large for this channel.",
    Word.TEXT_OR_FILE: "Only one message may go here: either text or a file.",
    Word.FILE_GONE: "An attached file is no longer there. Please write the answer again with the file.",
    Word.FILE_AWAY: "An attached file could not be reached for too long.",
    Word.PII: "The answer is public and contains personal data. Please answer in private.",
    Word.TOO_LONG: "The answer is too long for this channel.",
    Word.EMPTY: "The answer is empty.",
    Word.NOT_ANSWERABLE: "This channel cannot be answered.",
    Word.GONE: "The endpoint takes nothing more (410).",
    Word.NETWORK: "The address is in a network that is not allowed.",
}

_TEXTS: Mapping[Language, Mapping[Word, str]] = MappingProxyType({"de": _GERMAN, "en": _ENGLISH})
_SAID = {"de": "Er sagt dazu:", "en": "It says:"}


def plain(word: Word, language: Language, said: str = "", part: tuple[int, int] | None = None) -> str:
    """The sentence for an agent, with the provider's own text and which part of how many did not go out."""
    tongue: Language = "en" if language == "en" else "de"
    text = _TEXTS[tongue][word]
    if said:
        text = f"{text} {_SAID[tongue]} {said[:300]}"
    if part is not None and part[1] > 1:
        text = f"{'Teil' if tongue == 'de' else 'Part'} {part[0]}/{part[1]}: {text}"
    return text
