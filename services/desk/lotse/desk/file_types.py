"""What a file really is, by its first bytes, against what it is said to be."""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from lotse.contracts.files import is_forbidden

HEAD: Final = 4096
"""As many bytes are looked at."""

SAFE_IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Shown by a browser without being saved first."""

OCTETS: Final = "application/octet-stream"
_OLE: Final = "application/x-ole-storage"
_PROGRAM: Final = "application/x-executable"

_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLE),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x1f\x8b", "application/gzip"),
    (b"{\\rtf", "application/rtf"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"#!AMR", "audio/amr"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"MZ", _PROGRAM),
    (b"\x7fELF", _PROGRAM),
    (b"\xca\xfe\xba\xbe", _PROGRAM),
    (b"\xcf\xfa\xed\xfe", _PROGRAM),
    (b"\xce\xfa\xed\xfe", _PROGRAM),
    (b"\xfe\xed\xfa", _PROGRAM),
    (b"\x00asm", "application/wasm"),
    (b"dex\n", _PROGRAM),
    (b"L\x00\x00\x00\x01\x14\x02\x00", _PROGRAM),
    (b"#!", "application/x-sh"),
)
_RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS: Final = {b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"qt  ": "video/quicktime"}
_PICTURE_BRANDS: Final = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heic", b"avif": "image/avif"}
# A page or a program for it, behind white space, a byte order mark or comments.
_MARKUP: Final = re.compile(
    rb"\A(?:\xef\xbb\xbf)?(?:\s|<!--.*?-->)*<(?:!doctype\s+(?:html|svg)|\?xml|html|head|body|script|svg|iframe|style|a\s)",
    re.IGNORECASE | re.DOTALL,
)

# What a name for a family of types may be called, by what its first bytes show.
_ALSO: Final[dict[str, Callable[[str], bool]]] = {
    "application/zip": lambda said: (
        said.startswith("application/vnd.o")
        or said in ("application/epub+zip", "application/x-zip-compressed", "application/vnd.apple.pages")
    ),
    _OLE: lambda said: (
        said in ("application/msword", "application/vnd.ms-outlook") or said.startswith("application/vnd.ms-")
    ),
    "audio/ogg": lambda said: said in ("video/ogg", "application/ogg"),
    "video/mp4": lambda said: said in ("audio/mp4", "video/3gpp", "video/3gpp2", "video/quicktime", "audio/aac"),
    "audio/mp4": lambda said: said in ("audio/x-m4a", "audio/aac", "video/mp4"),
    "video/webm": lambda said: said in ("audio/webm", "video/x-matroska"),
    "audio/wav": lambda said: said in ("audio/x-wav", "audio/wave", "audio/vnd.wave"),
    "audio/mpeg": lambda said: said in ("audio/mp3",),
    "application/gzip": lambda said: (
        said in ("application/x-gzip", "application/x-tar", "application/x-compressed-tar")
    ),
    "application/rtf": lambda said: said in ("text/rtf", "application/msword"),
    "image/bmp": lambda said: said in ("image/x-ms-bmp",),
    "application/vnd.rar": lambda said: said in ("application/x-rar-compressed", "application/x-rar"),
    "text/plain": lambda said: (
        said.startswith("text/")
        or said in ("application/json", "message/rfc822", "application/pgp-signature", "application/pgp-keys")
    ),
}
_BETTER_NAMES: Final = {
    "audio/mp3": "audio/mpeg",
    "audio/x-m4a": "audio/mp4",
    "audio/x-wav": "audio/wav",
    "image/jpg": "image/jpeg",
}
_BY_ENDING: Final = {
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "msg": "application/vnd.ms-outlook",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "csv": "text/csv",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "md": "text/markdown",
}
_KNOWN: Final = frozenset({name for _, name in _MAGIC} | set(_RIFF.values()) | {"video/mp4", "audio/mp4"})


class WrongType(Exception):
    """The file is none that may be taken. `forbidden`: whatever it is called; else it is not what it is said to be."""

    def __init__(self, said: str, found: str, *, forbidden: bool) -> None:
        super().__init__(f"said to be {said}, looks like {found}")
        self.said = said
        self.found = found
        self.forbidden = forbidden


def agreed_type(name: str, said: str, head: bytes) -> str:
    """The type to treat a file as, from its name, the type that is claimed and its first bytes.

    Raises:
        WrongType: It can do harm, or its content is of another type than the one that is claimed.
    """
    said = said.partition(";")[0].strip().lower()
    said = _BETTER_NAMES.get(said, said) or OCTETS
    found = sniff(head)
    if is_forbidden(name, said) or is_forbidden(name, found) or found == _PROGRAM:
        raise WrongType(said, found, forbidden=True)
    if said == OCTETS:
        return _by_name(name, found)
    if said == found or _ALSO.get(found, _never)(said):
        return said
    if found != OCTETS and not (found == "text/plain" and said not in _KNOWN):
        raise WrongType(said, found, forbidden=False)
    if said in _KNOWN or said.startswith("text/"):
        raise WrongType(said, found, forbidden=False)
    return said


def _never(_: str) -> bool:
    return False


def _by_name(name: str, found: str) -> str:
    """What the ending says, where the content does not speak against it."""
    guessed = _BY_ENDING.get(name.lower().rpartition(".")[2], found)
    return guessed if _ALSO.get(found, _never)(guessed) else found


def sniff(head: bytes) -> str:
    """The type that the first bytes show; `application/octet-stream` where they show none."""
    if _MARKUP.match(head):
        return "image/svg+xml" if b"<svg" in head.lower() else "text/html"
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], OCTETS)
    if head[4:8] == b"ftyp":
        return _PICTURE_BRANDS.get(head[8:12]) or _BRANDS.get(head[8:12], "video/mp4")
    found = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
    if found is not None:
        return found
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "audio/mpeg"
    return "text/plain" if _is_text(head) else OCTETS


def _is_text(head: bytes) -> bool:
    """No control characters but white space: UTF-8 or an older one-byte encoding."""
    return bool(head) and not any(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in head)


_SEPARATORS: Final = re.compile(r"[/\\]")
_MOST: Final = 150


def clean_name(name: str) -> str:
    """The last part of a path, without characters that hide or turn what is read; empty where nothing is left."""
    last = _SEPARATORS.split(unicodedata.normalize("NFC", name))[-1]
    shown = "".join(char for char in last if char.isspace() or unicodedata.category(char)[0] != "C")
    short = " ".join(shown.split()).strip(". ")
    if len(short) <= _MOST:
        return short
    stem, dot, ending = short.rpartition(".")
    return f"{(stem or ending)[: _MOST - 20]}{dot}{ending[:19] if stem else ''}".strip(". ")
