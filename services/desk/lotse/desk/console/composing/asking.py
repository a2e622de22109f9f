"""Whether a text asks for personal data to be given: a word for them and a word that asks, in one sentence."""

import re
from typing import Final

_SENTENCE: Final = re.compile(r"[^.!?\n]+[.!?]*")
_DATA: Final = re.compile(
    r"\b(?:(?:kunden|bestell|auftrags|vertrags|rechnungs|konto|karten|kreditkarten|telefon|handy|mobil|steuer)-?"
    r"(?:nummern?|nr|daten)|iban|bankverbindung|bankdaten|kreditkarte|adresse|anschrift|e-?mail(?:-?adresse)?|"
    r"geburtsdatum|passwort|kennwort|personalausweis|"
    r"(?:customer|order|account|contract|invoice|card|phone|mobile|tax) ?(?:numbers?|no|details)|bank details|"
    r"credit card|address|date of birth|password|passport)\b",
    re.IGNORECASE,
)
_ASKS: Final = re.compile(
    r"\b(?:nenn(?:en|t|e|st)?|schick(?:en|t|e|st)?|send(?:en|et|e|est)?|schreib(?:en|t|e|st)?|geb(?:en|t)|gib(?:t|st)?|"
    r"sag(?:en|t|e|st)?|teil(?:en|t|e)?|mitteilen|poste?[nt]?|verrat(?:en|et|e)|lautet|bestätig(?:en|t|e)|"
    r"(?:was|wie) (?:ist|sind|war)|welche[rsn]?|brauche?n?|benötige?n?|"
    r"give|send|tell|post|share|write|confirm|provide|need|which|what(?:'s| is| are))\b",
    re.IGNORECASE,
)
_IN_PRIVATE: Final = re.compile(
    r"\b(?:privat\w*|direktnachricht\w*|direct message|pn|dm|per (?:e-?mail|telefon)|by (?:e-?mail|phone))\b",
    re.IGNORECASE,
)


def asks_for_personal_data(text: str) -> bool:
    """A sentence asks for them and does not say that it be in private."""
    return any(
        _DATA.search(sentence) and _ASKS.search(sentence) and not _IN_PRIVATE.search(sentence)
        for sentence in _SENTENCE.findall(text)
    )
