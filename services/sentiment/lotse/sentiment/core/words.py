"""A text as a list of plain words and marks."""

import re
import unicodedata

READ_CHARACTERS = 8_000
"""Only so much of a text is read; what a customer wants stands before that."""

_LINK = re.compile(r"(?:https?://|www\.)\S+|\b(?:bit\.ly|t\.me)/\S+")
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,255}")
_HANDLE = re.compile(r"@\w+")
_TOKEN = re.compile(r"[^\W_]+(?:['-][^\W_]+)*|[:;=]'?-?[()dp/|]+(?!\w)|<3|\^\^|[.,;:!?]+|[^\w\s]")

LINK, MAIL, HANDLE = "xlinkx", "xmailx", "xhandlex"


def normalise(text: str) -> str:
    """Lower case, one Unicode form, single spaces, links and addresses replaced by a word that says what they were.

    Lone surrogates and variation selectors are dropped, so that any `str` may come in.
    """
    text = text[:READ_CHARACTERS]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.encode("utf-8", "ignore").decode())[:READ_CHARACTERS]
        text = text.replace("\ufe0f", "").replace("’", "'")
    text = " ".join(text.lower().split())
    if "http" in text or "www." in text or ".ly/" in text or "t.me/" in text:
        text = _LINK.sub(f" {LINK} ", text)
    if "@" in text:
        text = _HANDLE.sub(f" {HANDLE} ", _MAIL.sub(f" {MAIL} ", text))
    return text


def fold(text: str) -> str:
    """Write umlauts as people do who have no key for them."""
    if text.isascii():
        return text
    return text.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")


def tokens(folded: str) -> list[str]:
    """Words, emoticons, runs of punctuation and single symbols, in order; every number becomes `0`."""
    return ["0" if token.isdecimal() else token for token in _TOKEN.findall(folded)]
