"""The words of reports: what each figure is called, how it is defined, and its columns, in German and English."""

from collections.abc import Mapping

from lotse.contracts.frozen import frozen
from lotse.desk.channel_names import CHANNEL_NAMES
from lotse.desk.language import Language


@frozen
class Said:
    """A figure's name and its definition in a sentence or two."""

    title: str
    meaning: str


FIGURES: Mapping[Language, Mapping[str, Said]] = {
    "de": {
        "volume": Said(
            "Aufkommen",
            "Nachrichten von Kunden nach der Zeit, zu der sie geschrieben wurden; eröffnete Gespräche; Antworten von "
            "Menschen, die der Anbieter angenommen hat. Automatische E-Mails zählen nicht.",
        ),
        "first-response": Said(
            "Erste Antwort",
            "Zeit vom ersten Wort des Kunden bis zur ersten Antwort eines Menschen, gezählt bei der Antwort. Die "
            "Hälfte ging höchstens so lange wie p50, neun von zehn höchstens wie p90. Geschäftszeit: nach dem Kalender "
            "der Zusage.",
        ),
        "next-response": Said(
            "Weitere Antworten",
            "Zeit vom ältesten unbeantworteten Wort bis zur nächsten Antwort, nachdem die erste gegeben war.",
        ),
        "service-level": Said(
            "Servicegrad",
            "Anteil der eingehaltenen Fristen an allen entschiedenen: eingehalten zählt bei der Antwort, verpasst beim "
            "Fristende. Ohne Spam und gelöschte Nachrichten. Berichtigt: zuerst als verpasst gemeldet, weil die "
            "rechtzeitige Antwort erst später bekannt wurde.",
        ),
        "sentiment": Said(
            "Stimmung", "Im Zeitraum eröffnete Gespräche danach, wie sie jetzt gelesen werden, von Menschen berichtigt."
        ),
        "situations": Said("Anliegen", "Im Zeitraum eröffnete Gespräche danach, worum es nach heutigem Stand geht."),
        "spam": Said("Spam", "Anteil der eröffneten Gespräche, die jetzt als Spam beiseite liegen."),
        "resolution": Said(
            "Erledigt und wieder geöffnet",
            "Erledigungen im Zeitraum und wie viele davon seither wieder geöffnet wurden.",
        ),
        "resolution-time": Said(
            "Zeit bis zur Erledigung", "Von der Eröffnung (oder Wiedereröffnung) bis zur Erledigung, in Kalenderzeit."
        ),
        "blocked": Said(
            "Aufgehaltene Antworten",
            "Anteil der Antworten, die die Regeln aufgehalten haben, etwa wegen persönlicher Daten vor aller Augen.",
        ),
        "open-now": Said(
            "Jetzt offen", "Gespräche, die in diesem Augenblick nicht erledigt sind, unabhängig vom Zeitraum."
        ),
        "channels": Said("Kanäle im Vergleich", "Jede Zahl dieses Berichts, Kanal neben Kanal."),
        "topics": Said(
            "Häufige Themen", "Im Zeitraum eröffnete Gespräche nach Themen; ein Gespräch kann mehrere haben."
        ),
        "complaints": Said(
            "Beschwerden nach Thema", "Beschwerden im Zeitraum gegen ebenso viele Tage unmittelbar davor."
        ),
        "teams": Said("Teams", "Nach dem Team, dem das Gespräch jetzt gehört."),
        "agents": Said(
            "Agenten",
            "Antworten, Antwortzeiten, Fristen und Erledigungen bei dem, der sie gab; Nachrichten und Eröffnungen bei "
            "dem, der das Gespräch zuletzt hatte.",
        ),
    },
    "en": {
        "volume": Said(
            "Volume",
            "Customers' messages by the time they were written; conversations opened; people's replies that the "
            "provider accepted. Automatic mail does not count.",
        ),
        "first-response": Said(
            "First response",
            "Time from the customer's first word to the first answer by a person, counted when answered. Half took p50 "
            "at the most, nine in ten p90. Business time: by the calendar of the promise.",
        ),
        "next-response": Said(
            "Next responses",
            "Time from the oldest unanswered word to the next answer, once the first was given.",
        ),
        "service-level": Said(
            "Service level",
            "Share of deadlines kept of all that were decided: kept counts when answered, missed when due. Without "
            "spam and deleted messages. Corrected: first told as missed, because an answer in time was heard of late.",
        ),
        "sentiment": Said(
            "Sentiment", "Conversations opened in the period by how they read now, as corrected by people."
        ),
        "situations": Said("Situations", "Conversations opened in the period by what they are about, as read now."),
        "spam": Said("Spam", "Share of the conversations opened that stand aside as spam now."),
        "resolution": Said(
            "Resolved and reopened", "Resolutions in the period, and how many of them were reopened since."
        ),
        "resolution-time": Said("Time to resolution", "From opening (or reopening) to resolution, in calendar time."),
        "blocked": Said(
            "Replies held back", "Share of the replies that the rules held back, such as for personal data in public."
        ),
        "open-now": Said("Open now", "Conversations that are not done at this moment, whatever the period."),
        "channels": Said("Channels side by side", "Every figure of this report, channel beside channel."),
        "topics": Said("Frequent topics", "Conversations opened in the period by topic; one may have several."),
        "complaints": Said("Complaints by topic", "Complaints in the period against as many days right before."),
        "teams": Said("Teams", "By the team that the conversation belongs to now."),
        "agents": Said(
            "Agents",
            "Replies, response times, deadlines and resolutions with who gave them; messages and openings with who had "
            "the conversation last.",
        ),
    },
}

COLUMNS: Mapping[Language, Mapping[str, str]] = {
    "de": {
        "at": "Beginn",
        "channel": "Kanal",
        "team": "Team",
        "agent": "Agent",
        "topic": "Thema",
        "messages": "Nachrichten",
        "opened": "Eröffnet",
        "replies": "Antworten",
        "first_response.count": "Erste Antworten",
        "first_response.p50": "Erste Antwort p50",
        "first_response.p90": "Erste Antwort p90",
        "first_response.business_p50": "p50 in Geschäftszeit",
        "first_response.business_p90": "p90 in Geschäftszeit",
        "next_response.count": "Weitere Antworten",
        "next_response.p50": "Weitere Antwort p50",
        "next_response.p90": "Weitere Antwort p90",
        "next_response.business_p50": "p50 in Geschäftszeit",
        "next_response.business_p90": "p90 in Geschäftszeit",
        "kept": "Eingehalten",
        "missed": "Verpasst",
        "corrected": "Davon berichtigt",
        "service_level": "Servicegrad",
        "sentiment.positive": "positiv",
        "sentiment.neutral": "neutral",
        "sentiment.negative": "negativ",
        "sentiment.unsure": "unsicher",
        "sentiment.unread": "nicht gelesen",
        "negative_share": "Anteil negativ",
        "situation.crisis": "Krise",
        "situation.question": "Frage",
        "situation.complaint": "Beschwerde",
        "situation.untruth": "Falschaussage",
        "situation.compliment": "Lob",
        "situation.quote_request": "Preisanfrage",
        "situation.none": "keines davon",
        "spam": "Spam",
        "spam_share": "Anteil Spam",
        "resolved": "Erledigt",
        "reopened": "Wieder geöffnet",
        "reopen_rate": "Quote wieder geöffnet",
        "resolution.count": "Erledigt",
        "resolution.p50": "Erledigung p50",
        "resolution.p90": "Erledigung p90",
        "approved": "Freigegeben",
        "blocked": "Aufgehalten",
        "block_rate": "Quote aufgehalten",
        "new": "neu",
        "queued": "in der Schlange",
        "assigned": "in Arbeit",
        "waiting": "wartet auf Kunden",
        "snoozed": "zurückgestellt",
        "total": "Zusammen",
        "conversations": "Gespräche",
        "complaints": "Beschwerden",
        "complaints_before": "Davor",
        "change": "Veränderung",
    },
    "en": {
        "at": "From",
        "channel": "Channel",
        "team": "Team",
        "agent": "Agent",
        "topic": "Topic",
        "messages": "Messages",
        "opened": "Opened",
        "replies": "Replies",
        "first_response.count": "First responses",
        "first_response.p50": "First response p50",
        "first_response.p90": "First response p90",
        "first_response.business_p50": "p50 in business time",
        "first_response.business_p90": "p90 in business time",
        "next_response.count": "Next responses",
        "next_response.p50": "Next response p50",
        "next_response.p90": "Next response p90",
        "next_response.business_p50": "p50 in business time",
        "next_response.business_p90": "p90 in business time",
        "kept": "Kept",
        "missed": "Missed",
        "corrected": "Of those corrected",
        "service_level": "Service level",
        "sentiment.positive": "positive",
        "sentiment.neutral": "neutral",
        "sentiment.negative": "negative",
        "sentiment.unsure": "unsure",
        "sentiment.unread": "not read",
        "negative_share": "Share negative",
        "situation.crisis": "crisis",
        "situation.question": "question",
        "situation.complaint": "complaint",
        "situation.untruth": "untruth",
        "situation.compliment": "compliment",
        "situation.quote_request": "quote request",
        "situation.none": "none of these",
        "spam": "Spam",
        "spam_share": "Share spam",
        "resolved": "Resolved",
        "reopened": "Reopened",
        "reopen_rate": "Reopen rate",
        "resolution.count": "Resolved",
        "resolution.p50": "Resolution p50",
        "resolution.p90": "Resolution p90",
        "approved": "Approved",
        "blocked": "Held back",
        "block_rate": "Share held back",
        "new": "new",
        "queued": "queued",
        "assigned": "in work",
        "waiting": "waiting for the customer",
        "snoozed": "snoozed",
        "total": "Together",
        "conversations": "Conversations",
        "complaints": "Complaints",
        "complaints_before": "Before",
        "change": "Change",
    },
}

NOBODY: Mapping[Language, Mapping[str, str]] = {
    "de": {"teams": "ohne Team", "agents": "niemand", "channels": "unbekannt", "open-now": "unbekannt"},
    "en": {"teams": "no team", "agents": "nobody", "channels": "unknown", "open-now": "unknown"},
}
"""What belongs to none."""


def channel_name(channel: str, language: Language) -> str:
    return CHANNEL_NAMES[language].get(channel, channel)
