"""Where personal data stands in a text.

`scan` is pure and takes any text: it never raises, and its time grows no faster than the text. It looks for what can
be told from the text alone: e-mail addresses, plausible phone numbers (Google's `phonenumbers`), IBANs (ISO 13616,
check digits ISO 7064 mod 97-10), payment cards (ISO 7812, Luhn), German tax ids (check digit ISO 7064 mod 11,10),
labelled customer and order numbers, and postal addresses as Germany and English-speaking countries write them.
Narrow and unbreakable spaces and hyphens, digits of other scripts, characters without width and the end of a line
hide nothing. Names are not looked for.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata

from lotse.contracts.values import Span


class Kind(StrEnum):
    """What a span is. Of two kinds on the same characters the earlier one here is reported.

    Spans of an operator's patterns bear the pattern's name and rank after the order number.
    """

    IBAN = "iban"
    CARD = "card"
    TAX_ID = "tax-id"
    CUSTOMER_NUMBER = "customer-number"
    ORDER_NUMBER = "order-number"
    EMAIL = "email"
    ADDRESS = "address"
    PHONE = "phone"


MAX_SCANNED: Final = 65_536
"""Characters that `scan` looks at; what stands behind them is not looked at."""

MAX_PHONE_CANDIDATES: Final = 500
"""What looks like a phone number costs most to check (25 µs and more); further ones in a text are not looked at."""

NO_PATTERNS: Final[Mapping[str, str]] = MappingProxyType({})

_RANK: Final = {str(kind): rank for rank, kind in enumerate(Kind)}
_OPERATORS_RANK: Final = _RANK[Kind.ORDER_NUMBER] + 0.5

_TELLING: Final = re.compile(r"[0-9@]")
_DIGIT: Final = re.compile(r"[0-9]")


def scan(text: str, *, region: str = "DE", patterns: Mapping[str, str] = NO_PATTERNS) -> tuple[Span, ...]:
    """The personal data in `text`, in order and apart: of spans that overlap the longest is reported, then by `Kind`.

    Args:
        text: Looked at as far as `MAX_SCANNED`.
        region: Where a phone number without its country's code is taken to be from (ISO 3166-1 alpha-2).
        patterns: The operator's regular expressions by name (`checked_pattern`). A span is the group `number`, else
            the first group, else the whole match. They are the operator's, and so is their running time.
    """
    text = text[:MAX_SCANNED]
    found = [*_by_patterns(text, patterns)]
    plain, places = _plain(text)
    if _TELLING.search(plain):
        found += _placed([*_emails(plain), *_on_one_line(plain, region)], places)
    return tuple(_apart(found)) if found else ()


_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_HYPHENS: Final = frozenset("\u2010\u2011\u2012\u2212\ufe58\ufe63\uff0d")


def _plain(text: str) -> tuple[str, Sequence[int] | None]:
    """The text with typesetters' spaces, hyphens and digits as on a keyboard, without characters that nobody sees.

    Beside it the place of each character in `text`, or None where none was left out.
    """
    if text.isascii():
        return text, None
    plain = text.translate({ord(char): _keyed(char) for char in set(text) if not char.isascii()})
    if not _UNSEEN.search(plain):
        return plain, None
    places = [place for place, char in enumerate(plain) if not _UNSEEN.match(char)]
    return _UNSEEN.sub("", plain), places


@lru_cache(maxsize=4096)
def _keyed(char: str) -> str:
    """One character for one, so that every place stays what it was."""
    if unicodedata.category(char) == "Zs":
        return " "
    if char in _HYPHENS:
        return "-"
    if "\uff01" <= char <= "\uff5e":
        return chr(ord(char) - 0xFEE0)
    digit = unicodedata.decimal(char, None)
    return char if digit is None else str(digit)


def _placed(spans: Iterable[Span], places: Sequence[int] | None) -> Iterable[Span]:
    if places is None:
        return spans
    return [Span(kind=s.kind, start=places[s.start], end=places[s.end - 1] + 1) for s in spans]


_BREAK: Final = re.compile(r"(?<=[0-9A-Za-z])[ \t]{0,3}\r?\n[ \t]{0,3}(?=[0-9A-Za-z])")


def _on_one_line(text: str, region: str) -> list[Span]:
    """What has digits, and what has them on two lines: a number that goes on behind the end of its line."""
    found = [*_with_digits(text, region)]
    breaks = [match.span() for match in _BREAK.finditer(text)] if found or _DIGIT.search(text) else []
    if not breaks:
        return found
    joined, places = _joined(text, breaks)
    ends = [start for start, _ in breaks]
    over = _placed([*_ibans(joined), *_digit_runs(joined), *_phones(joined, region)], places)
    for span in over:
        broken = bisect_left(ends, span.end) - bisect_left(ends, span.start)
        # Numbers below each other are many numbers; and what is one by itself needs no other line.
        if broken != 1 or (span.kind == Kind.PHONE and _meets(span, found)):
            continue
        if span.kind != Kind.CARD or _SPACED_CARD.fullmatch(text, span.start, span.end):
            found.append(span)
    return found


_SPACED_CARD: Final = re.compile(r"[^\W_]{4}(?:[^\w]+[^\W_]{4}){3}|[^\W_]{4}[^\w]+[^\W_]{6}[^\w]+[^\W_]{5}")
"""Of two long numbers one below the other every twentieth pair would pass as a card; so would nothing in its groups."""


def _joined(text: str, breaks: Sequence[tuple[int, int]]) -> tuple[str, Sequence[int]]:
    """The text with a space for each break, and the place in it of each character."""
    parts, places, at = list[str](), list[int](), 0
    for start, end in breaks:
        parts += (text[at:start], " ")
        places += (*range(at, start), start)
        at = end
    return "".join((*parts, text[at:])), [*places, *range(at, len(text))]


def _meets(span: Span, others: Iterable[Span]) -> bool:
    return any(other.start < span.end and span.start < other.end for other in others)


def _with_digits(text: str, region: str) -> Iterator[Span]:
    if _DIGIT.search(text):
        yield from _ibans(text)
        yield from _digit_runs(text)
        yield from _labelled(text)
        yield from _addresses(text)
        yield from _phones(text, region)


def checked_pattern(regex: str) -> str:
    """The operator's regular expression as it is.

    Raises:
        ValueError: It is not one, or it finds something in an empty text.
    """
    try:
        if re.compile(regex).search(""):
            raise ValueError(f"pattern {regex!r} matches nothing at all, and so everywhere")
    except re.error as wrong:
        raise ValueError(f"pattern {regex!r}: {wrong}") from wrong
    return regex


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Spans that do not overlap, in order; the longest first, then by kind, has its place."""
    kept: list[Span] = []
    for span in sorted(spans, key=_precedence):
        place = bisect_left(kept, span.end, key=lambda other: other.start)
        if place == 0 or kept[place - 1].end <= span.start:
            kept.insert(place, span)
    return kept


def _precedence(span: Span) -> tuple[int, float, int]:
    return span.start - span.end, _RANK.get(span.kind, _OPERATORS_RANK), span.start


def _span(kind: str, match: re.Match[str]) -> Span:
    groups = match.re.groupindex
    group = groups.get("number", 1 if match.re.groups else 0)
    start, end = match.span(group)
    return Span(kind=kind, start=start, end=end)


def _by_patterns(text: str, patterns: Mapping[str, str]) -> Iterator[Span]:
    for name, regex in patterns.items():
        for match in re.finditer(regex, text):
            span = _span(name, match)
            if 0 <= span.start < span.end:
                yield span


# Every quantifier below is bounded or cannot give back what it took, so no text makes a search quadratic.

_EMAIL: Final = re.compile(
    r"(?<!\w)\w[\w.%+-]{0,63}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}",
)


def _emails(text: str) -> Iterator[Span]:
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield Span(kind=Kind.EMAIL, start=match.start(), end=match.end())


# SWIFT's IBAN registry: country and length of its IBANs.
_IBAN_REGISTRY: Final = """
    AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18
    FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21
    LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27
    ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20
"""
_IBAN_LENGTHS: Final = {entry[:2]: int(entry[2:]) for entry in _IBAN_REGISTRY.split()}
_IBAN_START: Final = re.compile(r"(?=([A-Za-z]{2})[ \u00a0]?[0-9]{2})")


def _ibans(text: str) -> Iterator[Span]:
    for start in _IBAN_START.finditer(text):
        length = _IBAN_LENGTHS.get(start[1].upper())
        match = _iban_shape(length).match(text, start.start()) if length else None
        if match and _is_iban(re.sub(r"[^A-Z0-9]", "", match[0].upper())):
            yield Span(kind=Kind.IBAN, start=match.start(), end=match.end())


@lru_cache(maxsize=64)
def _iban_shape(length: int) -> re.Pattern[str]:
    return re.compile(rf"[A-Za-z]{{2}}(?:[ \u00a0.\-]?[A-Za-z0-9]){{{length - 2}}}")


def _is_iban(iban: str) -> bool:
    # Words after "it 27" have the shape of an IBAN and one chance in 97: real accounts are digits for the most part.
    if sum(char.isdigit() for char in iban) * 2 < len(iban):
        return False
    return int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1


_RUN: Final = re.compile(r"[0-9]+(?:[ \u00a0.\-][0-9]+)*")
_GROUP: Final = re.compile(r"[0-9]+")
_MOST_GROUPS: Final = 7


def _digit_runs(text: str) -> Iterator[Span]:
    """Cards and tax ids: whole neighbouring groups of digits, one kind of separator between them."""
    for run in _RUN.finditer(text):
        if run.end() - run.start() < 11:
            continue
        groups = list(_GROUP.finditer(text, run.start(), run.end()))
        for first in range(len(groups)):
            yield from _numbers_from(text, groups, first)


def _numbers_from(text: str, groups: Sequence[re.Match[str]], first: int) -> Iterator[Span]:
    digits, sizes, start = "", (), groups[first].start()
    for group in groups[first : first + _MOST_GROUPS]:
        if sizes and (text[group.start() - 1] != text[groups[first].end()] or sizes[-1] < 2 + (len(sizes) > 1)):
            return
        digits, sizes = digits + group[0], (*sizes, len(group[0]))
        if len(digits) > 19:
            return
        if sizes in ((11,), (2, 3, 3, 3)) and _is_tax_id(digits):
            yield Span(kind=Kind.TAX_ID, start=start, end=group.end())
        if (len(sizes) == 1 or sizes[0] > 2) and _is_card(digits):
            yield Span(kind=Kind.CARD, start=start, end=group.end())


# Mastercard 51-55 and 2221-2720, Visa 4, American Express 34 and 37, Diners 30, 36, 38, JCB 35, Maestro 50, 56-69,
# Discover and UnionPay 6.
_ISSUER: Final = re.compile(r"4|5[0-9]|6|3[0-8]|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)")


def _is_card(digits: str) -> bool:
    return 13 <= len(digits) <= 19 and _ISSUER.match(digits) is not None and _luhn(digits) % 10 == 0


def _luhn(digits: str) -> int:
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return doubled + sum(map(int, digits[-1::-2]))


def _is_tax_id(digits: str) -> bool:
    """No leading zero, one digit of the first ten twice or three times and the others at most once, check digit."""
    if digits[0] == "0" or sorted(Counter(digits[:10]).values())[-2:] not in ([1, 2], [1, 3]):
        return False
    product = 10
    for digit in digits[:10]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[10])


_NUMBER: Final = r"(?P<number>(?=[\w/.\-]{0,10}[0-9])[A-Za-z0-9](?:[\w/.\-]{0,24}\w)(?:[ ][0-9]{3,6}){0,4})(?!\w)"
_NAMED: Final = r"[ \-]?(?:nummer|nr\.?|id|number|no\.?)\b\.?[ ]?(?:ist|lautet|is|war)?[ ]?[:#=]?[ ]?"
_CUSTOMER: Final = re.compile(
    r"\b(?:kunden|kd\.?|mitglieds|vertrags|konto|versicherungs|customer|client|member|membership|account|contract|policy)"
    + _NAMED
    + _NUMBER,
    re.IGNORECASE,
)
_ORDER: Final = re.compile(
    r"\b(?:(?:bestell|auftrags|rechnungs|buchungs|vorgangs|sendungs|reservierungs|lieferschein|ticket|bestellung|auftrag|"
    r"rechnung|buchung|order|booking|invoice|reservation|tracking|reference)"
    + _NAMED
    + r"|(?:bestellung|auftrag|rechnung|order|invoice|booking)[ ]?(?:\#[ ]?|(?=[0-9]{5})))"
    + _NUMBER,
    re.IGNORECASE,
)


def _labelled(text: str) -> Iterator[Span]:
    for kind, pattern in ((Kind.CUSTOMER_NUMBER, _CUSTOMER), (Kind.ORDER_NUMBER, _ORDER)):
        for match in pattern.finditer(text):
            yield _span(kind, match)


_TOWN: Final = r"(?:D[ \-]{1,3})?[0-9]{5}[ ][A-ZÄÖÜ][\w\-]{1,40}"
# "Hauptstraße 5", also without a town; "50 km" is no house number.
_HOUSE: Final = re.compile(
    r"(?:stra(?:ß|ss)e|str\.?|allee|gasse|chaussee)[ ]{0,2}(?:nr\.?[ ]?)?[0-9]{1,4}(?:[ ]?[a-h]\b)?"
    r"(?![0-9\w%€]|[.,:][0-9])"
    r"(?![ ]?(?:km|m|meter|minuten|min|stunden|std|uhr|tage|wochen|monate|jahre|euro|eur|mal|prozent|€|%)(?!\w))"
    rf"(?:[,;]?\s{{1,3}}(?-i:{_TOWN}))?",
    re.IGNORECASE,
)
# "Unter den Linden 77, 10117 Berlin": any name, because the town tells.
_HOUSE_AND_TOWN: Final = re.compile(
    rf"(?<=[^\W\d_][ ])[0-9]{{1,4}}(?:[ ]?[a-hA-H]\b)?(?:[ ]?[,;]\s{{0,3}}|[ ]{{0,2}}\n\s{{0,3}}){_TOWN}"
)
# What stands before the house: "Haupt" or "Berliner ", no article; in the other case up to three words.
_STREET: Final = re.compile(
    r"(?:[\w.\-]{0,40}[\w\-]|(?:[A-ZÄÖÜ][\w.\-]{0,30}[ ])?(?!(?:D(?:er|ie|en|em|as)|In|Zur|Auf|Eine[rn]?)[ ])"
    r"[A-ZÄÖÜ][\w.\-]{0,30}[ ])$"
)
_PLACE: Final = re.compile(
    r"(?:(?:[A-ZÄÖÜ][\w.\-]{0,30}|an|am|auf|bei|beim|der|dem|den|im|in|unter|zum|zur|vor|hinter)[ ]){0,3}"
    r"[A-ZÄÖÜ][\w.\-]{0,40}[ ]$"
)
_ENGLISH: Final = re.compile(
    r"(?<![\w.,])[0-9]{1,5}[A-Za-z]?[ ](?:[A-Z][\w'.\-]{1,20}[ ]){1,3}"
    r"(?:(?:Street|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Boulevard|Blvd|Square|Court|Crescent|Terrace)\b\.?"
    r"|St(?!\w|\.?[ ][A-Z])\.?)"
    r"(?:,[ \n]{1,2}(?:[A-Z][\w'\-]{1,20}[ ,]{1,2}){1,3}"
    r"(?:[A-Z]{1,2}[0-9][A-Z0-9]?[ ][0-9][A-Z]{2}|[A-Z]{2}[ ][0-9]{5}))?"
)


def _addresses(text: str) -> Iterator[Span]:
    for match in _ENGLISH.finditer(text):
        yield Span(kind=Kind.ADDRESS, start=match.start(), end=match.end())
    for house, street in ((_HOUSE, _STREET), (_HOUSE_AND_TOWN, _PLACE)):
        for match in house.finditer(text):
            if name := street.search(text[max(0, match.start() - 80) : match.start()]):
                yield Span(kind=Kind.ADDRESS, start=match.start() - len(name[0]), end=match.end())


_PHONE_REST: Final = r"[0-9 \u00a0()/.\-–]{4,24}[0-9]"
_ABROAD: Final = r"(?:\+|(?<![0-9])00)[ \u00a0]?\(?[1-9]"
_BEFORE: Final = r"(?<![0-9A-Za-z_])(?<![0-9][.,:/\-])"
_CANDIDATES: Final = {
    "0": re.compile(rf"{_BEFORE}(?:{_ABROAD}|\(?0[ \u00a0)(/\-]{{0,2}}[1-9]){_PHONE_REST}"),
    "": re.compile(rf"{_BEFORE}(?:{_ABROAD}|\(?[0-9]){_PHONE_REST}"),
}
# Dates, times of day and spans of them, months, and amounts begin like a phone number in Berlin.
_NO_PHONE: Final = re.compile(
    r"[0-9]{1,2}[./\-][0-9]{1,2}[./\-](?:[0-9]{4}|[0-9]{2})?(?![0-9])(?!\.[0-9]{2}\.[0-9]{2})"
    r"|[0-9]{4}[.\-/][0-9]{2}[.\-/][0-9]{2}(?![0-9])"
    r"|[0-9]{1,2}[.:][0-9]{2}(?![0-9])(?!(?:\.[0-9]{2}){2})"
    r"|[0-9]{1,2}/[0-9]{4}(?![0-9])"
    r"|(?:[01][0-9]|2[0-4])[0-5][0-9][ ]?[-–][ ]?(?:[01][0-9]|2[0-4])[0-5][0-9](?![0-9])"
)
_SHORTEST_PHONE: Final = 7


def _phones(text: str, region: str) -> Iterator[Span]:
    region = region.upper()
    candidates = _CANDIDATES["0" if _trunk_prefix(region) == "0" else ""]
    base = position = seen = 0
    while seen < MAX_PHONE_CANDIDATES and (candidate := candidates.search(text, position)):
        if other := _NO_PHONE.match(text, candidate.start()):
            position = other.end()
            continue
        seen, position = seen + 1, candidate.end()
        if end := _end_of_phone(candidate, region):
            yield Span(kind=Kind.PHONE, start=base + candidate.start(), end=base + end)
            # Cut, not skipped: in "0171 1234567/0172 7654321" the second begins anew.
            text, base, position = text[end:], base + end, 0


@lru_cache(maxsize=512)
def _trunk_prefix(region: str) -> str:
    """What a national number begins with; `0` too where the region is unknown, for that tells it from other numbers."""
    metadata = PhoneMetadata.metadata_for_region(region)
    return "0" if metadata is None else metadata.national_prefix or ""


def _end_of_phone(candidate: re.Match[str], region: str) -> int | None:
    """Where the longest plausible number ends that begins with the candidate, at the end of a group of digits."""
    groups = list(_GROUP.finditer(candidate[0]))
    while sum(group.end() - group.start() for group in groups) >= _SHORTEST_PHONE:
        end = groups.pop().end()
        if _is_phone(candidate[0][:end], region):
            return candidate.start() + end
    return None


def _is_phone(number: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except NumberParseException:
        return False
