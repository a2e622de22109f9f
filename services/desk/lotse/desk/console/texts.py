"""What the frame says. Each page keeps its own texts in the same way: a frozen class, one object a language."""

from collections.abc import Mapping

from lotse.contracts.frozen import frozen
from lotse.desk.language import Language


@frozen
class FrameTexts:
    pages: Mapping[str, str]
    skip: str
    navigation: str
    banners: str
    go: str
    show_keys: str
    ends: str


FRAME: Mapping[Language, FrameTexts] = {
    "de": FrameTexts(
        pages={
            "inbox": "Eingang",
            "conversation": "Gespräch",
            "team": "Team",
            "numbers": "Zahlen",
            "operations": "Betrieb",
        },
        skip="Zum Inhalt",
        navigation="Bereiche",
        banners="Hinweise",
        go="Zu: {}",
        show_keys="Alle Tasten zeigen",
        ends="Ihre Anmeldung endet in wenigen Minuten. Was Sie schreiben, bleibt als Entwurf erhalten.",
    ),
    "en": FrameTexts(
        pages={
            "inbox": "Inbox",
            "conversation": "Conversation",
            "team": "Team",
            "numbers": "Numbers",
            "operations": "Operations",
        },
        skip="Skip to content",
        navigation="Sections",
        banners="Notices",
        go="Go to: {}",
        show_keys="Show all keys",
        ends="Your session ends in a few minutes. What you write is kept as a draft.",
    ),
}
