"""What channels are called, in German and English."""

from collections.abc import Mapping

from lotse.desk.language import Language

_ALIKE: Mapping[str, str] = {
    "facebook": "Facebook",
    "instagram": "Instagram",
    "messenger": "Messenger",
    "instagram-direct": "Instagram Direct",
    "whatsapp": "WhatsApp",
    "x": "X",
    "youtube": "YouTube",
    "viber": "Viber",
    "wechat": "WeChat",
    "telegram": "Telegram",
    "line": "LINE",
    "sms": "SMS",
    "blog": "Blog",
}

CHANNEL_NAMES: Mapping[Language, Mapping[str, str]] = {
    "de": {
        **_ALIKE,
        "x-direct": "X-Direktnachricht",
        "webchat": "Webchat",
        "in-app": "App",
        "email": "E-Mail",
        "phone": "Telefon",
        "forum": "Forum",
        "reviews": "Bewertung",
        "letter": "Brief",
        "press": "Presse",
        "broadcast": "Rundfunk",
    },
    "en": {
        **_ALIKE,
        "x-direct": "X direct message",
        "webchat": "Web chat",
        "in-app": "App",
        "email": "E-mail",
        "phone": "Phone",
        "forum": "Forum",
        "reviews": "Review",
        "letter": "Letter",
        "press": "Press",
        "broadcast": "Broadcast",
    },
}
