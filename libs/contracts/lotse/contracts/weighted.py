"""How long a text is on X.

X counts in NFC by the configuration of twitter-text, version 3: at a scale of 100 a code point weighs 100 in a few
ranges (Latin, Greek, Cyrillic, Arabic … and general punctuation) and 200 elsewhere, a URL counts 23, and an emoji 2
however many code points it has. Source: https://github.com/twitter/twitter-text, `config/v3.json`.

Two things are close and not exact. A domain without `https://` is a URL where it ends with a country's top level or
one of the usual generic ones. An emoji is told by its shape, not by Unicode's list of the sequences in use.
"""

import re
import unicodedata
from typing import Final

_HEAVY: Final = re.compile(r"[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")
_URL_LENGTH: Final = 23
_EMOJI_LENGTH: Final = 2

_COUNTRIES: Final = """
    ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca
    cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo
    fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it
    je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn
    mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps
    pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th
    tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
"""
_GENERIC: Final = """
    com net org info biz edu gov mil int name pro mobi jobs museum coop aero travel app dev page online shop
    store site website tech xyz blog news club cloud email live today world group media berlin hamburg bayern
    koeln cologne nrw ruhr saarland wien tirol swiss gmbh versicherung reise reisen bank auto care help support
    service services
"""
TOP_LEVELS: Final = tuple(sorted(f"{_COUNTRIES} {_GENERIC}".split(), key=len, reverse=True))
"""What a domain without `https://` must end with to count as a URL; the longest first."""

_TOP_LEVEL: Final = "|".join(TOP_LEVELS)
_HOST: Final = r"(?:[^\W_][\w-]{0,62}\.){1,8}"
_NO_FULL_STOP: Final = r"(?<![.,;:!?'\")\]}])"
_PATH: Final = (
    r"(?::[0-9]{1,5})?"
    rf"(?:/[^\s<>\"]{{0,2000}}{_NO_FULL_STOP})?"
    rf"(?:\?[^\s<>\"]{{0,2000}}{_NO_FULL_STOP})?"
)
_URL: Final = (
    rf"(?<![\w@#$./-])(?:https?://{_HOST}[^\W\d_]{{2,24}}|{_HOST}(?=[a-z]{{2}})(?:{_TOP_LEVEL}))(?![\w@-]){_PATH}"
)
_PICTURE: Final = (
    r"[\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55\u3030"
    r"\u303d\u3297\u3299\U0001f000-\U0001faff](?:\ufe0f|[\U0001f3fb-\U0001f3ff])?"
)
_EMOJI: Final = (
    r"[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3|[\u00a9\u00ae]\ufe0f"
    rf"|{_PICTURE}[\U000e0020-\U000e007f]{{0,8}}(?:\u200d{_PICTURE}){{0,8}}"
)
_COUNTED_WHOLE: Final = re.compile(rf"(?P<url>{_URL})|{_EMOJI}", re.IGNORECASE)


def weighted_length(text: str) -> int:
    """The length of `text` as X counts it against its limit of 280."""
    text = unicodedata.normalize("NFC", text)
    length = _by_code_points(text)
    for found in _COUNTED_WHOLE.finditer(text):
        length += (_URL_LENGTH if found["url"] else _EMOJI_LENGTH) - _by_code_points(found[0])
    return length


def _by_code_points(text: str) -> int:
    return len(text) + len(_HEAVY.findall(text))
