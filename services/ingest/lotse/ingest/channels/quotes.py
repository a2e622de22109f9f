"""Cutting quoted text and signatures from an answer, so that only what was said anew is read and analysed."""

import re

_SEPARATOR = re.compile(
    r"\s*(-{2,}\s*(original message|ursprüngliche nachricht|originalnachricht|forwarded message|"
    r"weitergeleitete nachricht)\s*-{2,}|_{20,})\s*",
    re.IGNORECASE,
)
_ATTRIBUTION = re.compile(
    r"\s*(on .{6,200}\bwrote|am .{4,200}\bschrieb\b.{0,200}|.{1,120}\b(schrieb|wrote) (am|on) .{4,120})\s*:?\s*",
    re.IGNORECASE,
)
_ATTRIBUTION_START = re.compile(r"\s*(on|am) .{4,200}", re.IGNORECASE)
_HEADER_LINE = re.compile(
    r"\s*\*?(von|from|gesendet|sent|an|to|betreff|subject|datum|date|cc)\s*:\*?\s.*", re.IGNORECASE
)
_FIRST_HEADER = re.compile(r"\s*\*?(von|from)\s*:\*?\s.*", re.IGNORECASE)
_SIGNATURE = re.compile(r"-- ?")
_DEVICE = re.compile(
    r"\s*(von meinem .{2,60} gesendet|gesendet (mit|von|aus) .{2,80}|"
    r"sent from (my )?.{2,60}|get outlook for .{2,40})\.?\s*",
    re.IGNORECASE,
)
_LONGEST_LINE = 500


def without_quotes(text: str) -> str:
    """What the sender wrote himself. All of the text where nothing else would remain, as in a bare forward."""
    lines = text.split("\n")
    own = lines[: _end(lines)]
    kept = [line for line in own if not line.lstrip().startswith(">") and not _is(_DEVICE, line)]
    cut = _trim("\n".join(kept))
    return cut or text.strip()


def _end(lines: list[str]) -> int:
    """The first line that is no longer the sender's."""
    for number, line in enumerate(lines):
        if _SIGNATURE.fullmatch(line) or _is(_SEPARATOR, line) or _opens_quote(lines, number):
            return number
    return len(lines)


def _opens_quote(lines: list[str], number: int) -> bool:
    """An attribution with nothing but quoted text after it, or the header block of a quoted mail."""
    line = lines[number]
    if _is(_FIRST_HEADER, line):
        return sum(_is(_HEADER_LINE, following) for following in lines[number : number + 6]) >= 3
    if _is(_ATTRIBUTION, line):
        return _only_quotes(lines, number + 1)
    if _is(_ATTRIBUTION_START, line) and number + 1 < len(lines):
        return _is(_ATTRIBUTION, f"{line.rstrip()} {lines[number + 1].strip()}") and _only_quotes(lines, number + 2)
    return False


def _only_quotes(lines: list[str], start: int) -> bool:
    """Whether the next line that is not blank is quoted, or there is none."""
    following = next((line for line in lines[start : start + 5] if line.strip()), ">")
    return following.lstrip().startswith(">")


def _is(pattern: re.Pattern[str], line: str) -> bool:
    """Blanks count as one: long runs of them would be tried in every way that they can be shared out."""
    squeezed = " ".join(line.split())
    return len(squeezed) <= _LONGEST_LINE and pattern.fullmatch(squeezed) is not None


def _trim(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip()
