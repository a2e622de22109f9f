"""What the frame says. Each page keeps its own texts in the same way: a frozen class, one object a language."""

from collections.abc import Mapping
from dataclasses import dataclass

from lotse.desk.api.page import Language


@dataclass(frozen=True, slots=True)
class FrameTexts:
    pages: Mapping[str, str]


FRAME: Mapping[Language, FrameTexts] = {
    "de": FrameTexts({"inbox": "Eingang", "team": "Team", "numbers": "Zahlen", "operations": "Betrieb"}),
    "en": FrameTexts({"inbox": "Inbox", "team": "Team", "numbers": "Numbers", "operations": "Operations"}),
}
