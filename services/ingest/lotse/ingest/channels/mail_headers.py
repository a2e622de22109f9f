"""Reading a mail's headers, whatever stands in them."""

import codecs
import re
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from lotse.ingest.text import clean

_ADDRESS = re.compile(r"[^@\s<>\",;:\\]{1,64}@[^@\s<>\",;:\\]{1,255}")
_MAX_HEADER = 20_000
_MAX_ADDRESSES = 100


def all_headers(message: Message, name: str) -> tuple[str, ...]:
    """Every header of that name, on one line each, as it stands."""
    wanted = name.lower()
    raw = (str(value) for key, value in message.raw_items() if key.lower() == wanted)
    return tuple(" ".join(_unescaped(value[:_MAX_HEADER]).split()) for value in raw)


def header(message: Message, name: str) -> str:
    """The first header of that name, its encoded words decoded; empty where there is none."""
    return decoded(next(iter(all_headers(message, name)), ""))


def decoded(text: str) -> str:
    """RFC 2047 words as text; what cannot be read stays as it is or becomes U+FFFD."""
    if "=?" not in text:
        return clean(text)
    try:
        words = decode_header(text)
    except (MessageError, ValueError):
        return clean(text)
    return clean("".join(word if isinstance(word, str) else as_text(word, charset) for word, charset in words))


_NO_CHARSETS = frozenset(("punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"))
"""Python's codecs that no mail is written in; some take quadratic time."""


def as_text(raw: bytes, charset: str | None) -> str:
    """Bytes in the charset they claim, else UTF-8, else Windows-1252, which most wrong claims are."""
    for name in (charset, "utf-8"):
        try:
            if name and codecs.lookup(name).name.replace("_", "-") not in _NO_CHARSETS:
                return clean(raw.decode(name))
        except (LookupError, ValueError):
            continue
    return clean(raw.decode("cp1252", "replace"))


def person(message: Message, *names: str) -> tuple[str | None, str]:
    """Address, lower case, and name in the first of the headers that holds an address; None where none does."""
    for header_name in names:
        for name, address in _pairs(all_headers(message, header_name)):
            return address, decoded(name)
    return None, ""


def addresses(message: Message, *names: str) -> tuple[str, ...]:
    """Every address in these headers, lower case, each once."""
    pairs = (pair for name in names for pair in _pairs(all_headers(message, name)))
    return tuple(dict.fromkeys(address for _, address in pairs))[:_MAX_ADDRESSES]


def is_automatic(message: Message, sender: str) -> bool:
    """Written by a machine or sent to a list.

    Source: RFC 3834; RFC 2919 and 2369 for lists; the rest is what auto-responders really send.
    """
    return (
        header(message, "Auto-Submitted").lower().partition(";")[0].strip() not in ("", "no")
        or header(message, "Precedence").lower() in ("bulk", "list", "junk", "auto_reply")
        or any(header(message, name) for name in ("X-Autoreply", "X-Autorespond", "List-Id"))
        or header(message, "Return-Path").replace(" ", "") == "<>"
        or message.get_content_type() == "multipart/report"
        or sender.startswith("mailer-daemon@")
    )


def authenticated(message: Message, sender: str, authserv_id: str | None) -> bool | None:
    """Whether our own mail server found a DKIM signature of the sender's domain; None where it says nothing.

    Only the topmost header that bears the server's name counts: a sender can write others himself (RFC 8601, 5).
    """
    results = all_headers(message, "Authentication-Results") if authserv_id else ()
    ours = (text for text in results if text.partition(";")[0].split()[:1] == [authserv_id])
    found = next(ours, None)
    if found is None:
        return None
    domain = sender.rpartition("@")[2]
    return any(_aligned(domain, signer) for signer in _signers(found))


def _signers(results: str) -> list[str]:
    """The domains whose DKIM signature passed."""
    said = _unquoted(results) or ""
    passed = (part for part in said.lower().split(";") if re.match(r"\s*dkim\s*=\s*pass\b", part))
    return [found[1] for part in passed if (found := re.search(r"\bheader\.d\s*=\s*([a-z0-9.-]+)", part))]


def _unquoted(text: str) -> str | None:
    """Without quoted strings and comments (RFC 5322, 3.2), in which a server repeats what a sender wrote.

    None where one of them has no end.
    """
    kept, quoted, depth, escaped = list[str](), False, 0, False
    for char in text:
        if escaped:
            escaped = False
        elif quoted or depth:
            escaped = char == "\\"
            quoted = quoted and char != '"'
            depth += (char == "(") - (char == ")") if depth else 0
        elif char in '"(':
            kept.append(" ")
            quoted, depth = char == '"', int(char == "(")
        else:
            kept.append(char)
    return None if quoted or depth else "".join(kept)


def _aligned(domain: str, signer: str) -> bool:
    """Relaxed alignment (RFC 7489, 3.1.1) without a list of public suffixes."""
    return "." in signer and (domain == signer or domain.endswith(f".{signer}"))


def _pairs(values: tuple[str, ...]) -> list[tuple[str, str]]:
    """Names and addresses; where a list cannot be read, whatever looks like an address in it."""
    found = [(name, address) for name, address in getaddresses(list(values)) if _ADDRESS.fullmatch(address)]
    if not found:
        found = [("", match[0]) for value in values for match in _ADDRESS.finditer(value)]
    return [(clean(name), clean(address).lower()) for name, address in found[:_MAX_ADDRESSES]]


def _unescaped(raw: str) -> str:
    """Raw 8-bit that the parser kept as surrogates."""
    return raw if raw.isascii() else as_text(raw.encode("utf-8", "surrogateescape"), None)
