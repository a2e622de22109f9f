"""What machines call by one word, said to people. A word that has no sentence here is shown as it is."""

from collections.abc import Mapping

from lotse.contracts.frozen import frozen
from lotse.desk.channel_names import CHANNEL_NAMES
from lotse.desk.language import Language

Words = Mapping[str, str]


@frozen
class Vocabulary:
    """One language's sentences for the words of one kind each."""

    channels: Words
    statuses: Words
    presences: Words
    sentiments: Words
    triages: Words
    situations: Words
    languages: Words
    identities: Words
    clocks: Words
    refusals: Words
    failures: Words
    """Why an answer did not go out."""
    blocks: Words
    """Why an answer may not go out, and what to do."""
    reasons: Words
    """Why somebody has a conversation, or why it stands where it stands."""
    cancellations: Words
    """Why a promise no longer counts."""
    notices: Words
    outcomes: Words
    """What became of a notice."""
    suppressions: Words
    waits: Words
    """Why a conversation waits for an agent."""


def say(words: Words, word: str | None) -> str:
    return words.get(word, word) if word else ""


_GERMAN = Vocabulary(
    channels=CHANNEL_NAMES["de"],
    statuses={
        "new": "neu",
        "queued": "in der Warteschlange",
        "assigned": "in Arbeit",
        "waiting": "wartet auf Kunden",
        "snoozed": "zurückgestellt",
        "resolved": "erledigt",
        "set_aside": "aussortiert",
    },
    presences={
        "online": "erreichbar",
        "away": "abwesend",
        "not_responding": "antwortet nicht",
        "offline": "offline",
    },
    sentiments={"positive": "positiv", "neutral": "neutral", "negative": "negativ", "unsure": "unsicher"},
    triages={
        "service": "Anliegen",
        "noise": "Rauschen",
        "praise": "Lob",
        "lead": "Kaufinteresse",
        "spam": "Spam",
    },
    situations={
        "crisis": "Krise",
        "question": "Frage",
        "complaint": "Beschwerde",
        "untruth": "Falschaussage",
        "compliment": "Kompliment",
        "quote_request": "Angebotsanfrage",
    },
    languages={"de": "Deutsch", "en": "Englisch", "und": "nicht erkannt"},
    identities={
        "meta": "Meta-Kennung",
        "whatsapp": "WhatsApp-Kennung",
        "phone": "Telefonnummer",
        "email": "E-Mail",
        "external": "Kundenkennung",
    },
    clocks={"first_response": "Erste Antwort", "next_response": "Nächste Antwort"},
    refusals={
        "not_understood": "So geht es nicht. Möglich sind bis zu 20 Themen mit je bis zu 100 Zeichen.",
        "not_found": "Dieses Gespräch gibt es nicht.",
        "not_assigned": "Das Gespräch hat gerade jemand anderes oder niemand. Übernehmen Sie es zuerst.",
        "forbidden": "Das darf Ihre Rolle nicht.",
        "resolved": "Das Gespräch ist schon erledigt. Öffnen Sie es zuerst wieder.",
        "set_aside": "Das Gespräch ist als Spam aussortiert. Holen Sie es zuerst zurück.",
        "not_closed": "Das Gespräch ist weder erledigt noch aussortiert.",
        "past": "Der Zeitpunkt liegt in der Vergangenheit.",
        "unknown_agent": "Diese Person gibt es nicht.",
        "unknown_team": "Dieses Team gibt es nicht.",
        "agent_offline": "Diese Person ist nicht erreichbar.",
        "no_room": "Diese Person hat keinen Platz mehr.",
        "same_agent": "Diese Person hat das Gespräch schon.",
        "unchanged": "Das ist schon so.",
        "empty": "Es steht nichts darin.",
        "no_message": "Diese Nachricht gibt es in dem Gespräch nicht.",
        "no_private_reply": "Auf diesem Kanal lässt sich ein Kommentar nicht privat beantworten.",
        "removed": "Der Kunde hat diese Nachricht gelöscht.",
        "reads_so": "So liest sich die Nachricht schon.",
        "too_large": "Der Text ist zu lang.",
        "broker_away": "Das ließ sich gerade nicht weitergeben. Versuchen Sie es gleich noch einmal.",
        "database_away": "Die Datenbank ist gerade nicht erreichbar. Versuchen Sie es gleich noch einmal.",
        "starting": "Der Dienst startet gerade. Versuchen Sie es gleich noch einmal.",
    },
    failures={
        "refused": "Der Anbieter hat die Antwort abgelehnt.",
        "blocked": "Die Antwort durfte nicht hinausgehen.",
        "undelivered": "Der Anbieter konnte die Antwort nicht zustellen.",
        "unknown": "Ob die Antwort ankam, weiß niemand. Sehen Sie beim Anbieter nach, ehe Sie sie wiederholen.",
        "unreachable": "Der Anbieter war zu lange nicht erreichbar.",
        "too_late": "Die Antwort konnte nicht mehr rechtzeitig hinaus.",
        "account_stopped": "Die Anmeldung dieses Kontos gilt beim Anbieter nicht mehr. Jemand muss es neu anmelden.",
    },
    blocks={
        "pii": "Sie wäre öffentlich und enthält persönliche Daten. Antworten Sie privat oder ohne diese Daten.",
        "blocked-pii": "Sie enthält persönliche Daten und wäre öffentlich. Antworten Sie privat.",
        "too-long": "Sie ist für diesen Kanal zu lang. Kürzen Sie sie.",
        "window-closed": "Der Kanal nimmt keine freien Antworten mehr an. Nehmen Sie eine Vorlage.",
        "empty": "Sie war leer.",
    },
    reasons={
        "matched": "nach Fähigkeit und Platz",
        "read": "gelesen",
        "not_read_in_time": "ohne Lesart, weil sie nicht rechtzeitig da war",
        "customer_wrote": "Kunde hat geschrieben",
        "offline": "wer es hatte, ist offline",
        "handed_back": "zurückgegeben",
        "snooze_ended": "Zeit ist um",
        "undelivered": "Antwort kam nicht an",
        "snoozed": "",
        "answered": "",
        "answered_elsewhere": "außerhalb von Lotse beantwortet",
        "corrected": "Lesart korrigiert",
        "analysed": "neu gelesen",
        "edited": "Nachricht bearbeitet",
        "spam": "Spam",
        "noise": "Rauschen",
        "transfer": "",
        "done": "",
        "reopened": "",
        "expired": "nicht angenommen",
    },
    cancellations={
        "set_aside": "als Spam oder Rauschen aussortiert",
        "deleted": "Kunde hat die Nachricht gelöscht",
        "resolved": "ohne Antwort erledigt",
        "no_policy": "keine Regel verspricht hier etwas",
        "superseded": "eine spätere Nachricht zeigte, dass niemand wartete",
    },
    notices={"received": "Eingangsbestätigung", "alert": "Alarm"},
    outcomes={"sent": "gesendet", "failed": "nicht gesendet", "suppressed": "bewusst nicht gesendet"},
    suppressions={
        "spam": "Spam",
        "noise": "Rauschen",
        "crisis": "in einer Krise keine automatischen Texte",
        "one_per_hour": "höchstens eine je Stunde",
    },
    waits={
        "nobody_has_the_skills": "Niemand hat die verlangten Fähigkeiten.",
        "nobody_online": "Von denen, die es könnten, ist niemand erreichbar.",
        "all_full": "Alle, die es könnten, haben gerade keinen Platz.",
        "goes_first": "Wer es zuletzt hatte, geht eine Weile vor.",
        "matching": "Wird gerade zugewiesen.",
    },
)

_ENGLISH = Vocabulary(
    channels=CHANNEL_NAMES["en"],
    statuses={
        "new": "new",
        "queued": "in the queue",
        "assigned": "in work",
        "waiting": "waiting for the customer",
        "snoozed": "snoozed",
        "resolved": "resolved",
        "set_aside": "set aside",
    },
    presences={
        "online": "available",
        "away": "away",
        "not_responding": "not responding",
        "offline": "offline",
    },
    sentiments={"positive": "positive", "neutral": "neutral", "negative": "negative", "unsure": "unsure"},
    triages={
        "service": "request",
        "noise": "noise",
        "praise": "praise",
        "lead": "lead",
        "spam": "spam",
    },
    situations={
        "crisis": "crisis",
        "question": "question",
        "complaint": "complaint",
        "untruth": "untruth",
        "compliment": "compliment",
        "quote_request": "quote request",
    },
    languages={"de": "German", "en": "English", "und": "not recognised"},
    identities={
        "meta": "Meta id",
        "whatsapp": "WhatsApp id",
        "phone": "phone number",
        "email": "e-mail",
        "external": "customer id",
    },
    clocks={"first_response": "First response", "next_response": "Next response"},
    refusals={
        "not_understood": "This is not possible. Up to 20 topics of up to 100 characters each can be given.",
        "not_found": "There is no such conversation.",
        "not_assigned": "Somebody else has the conversation, or nobody. Take it first.",
        "forbidden": "Your role may not do that.",
        "resolved": "The conversation is resolved already. Reopen it first.",
        "set_aside": "The conversation is set aside as spam. Put it back first.",
        "not_closed": "The conversation is neither resolved nor set aside.",
        "past": "The time lies in the past.",
        "unknown_agent": "There is no such person.",
        "unknown_team": "There is no such team.",
        "agent_offline": "This person is not available.",
        "no_room": "This person has no room left.",
        "same_agent": "This person has the conversation already.",
        "unchanged": "It is so already.",
        "empty": "There is nothing in it.",
        "no_message": "The conversation has no such message.",
        "no_private_reply": "A comment cannot be answered in private on this channel.",
        "removed": "The customer deleted this message.",
        "reads_so": "The message reads so already.",
        "too_large": "The text is too long.",
        "broker_away": "It could not be handed on just now. Try again in a moment.",
        "database_away": "The database cannot be reached just now. Try again in a moment.",
        "starting": "The service is starting. Try again in a moment.",
    },
    failures={
        "refused": "The provider refused the answer.",
        "blocked": "The answer was not allowed to go out.",
        "undelivered": "The provider could not deliver the answer.",
        "unknown": "Nobody knows whether the answer arrived. Look at the provider before you send it again.",
        "unreachable": "The provider could not be reached for too long.",
        "too_late": "The answer could not go out in time any more.",
        "account_stopped": "The provider no longer accepts this account's sign-in. Somebody must sign it in again.",
    },
    blocks={
        "pii": "It contains personal data and would be public. Answer in private, or take the data out.",
        "blocked-pii": "It contains personal data and would be public. Answer in private.",
        "too-long": "It is too long for this channel. Shorten it.",
        "window-closed": "The channel takes no free answers any more. Choose a template or another channel.",
        "empty": "It was empty.",
    },
    reasons={
        "matched": "by skill and room",
        "read": "read",
        "not_read_in_time": "without a reading, which did not come in time",
        "customer_wrote": "the customer wrote",
        "offline": "who had it is offline",
        "handed_back": "handed back",
        "snooze_ended": "the time is over",
        "undelivered": "the answer did not arrive",
        "snoozed": "",
        "answered": "",
        "answered_elsewhere": "answered outside Lotse",
        "corrected": "reading corrected",
        "analysed": "read anew",
        "edited": "message edited",
        "spam": "spam",
        "noise": "noise",
        "transfer": "",
        "done": "",
        "reopened": "",
        "expired": "not accepted",
    },
    cancellations={
        "set_aside": "set aside as spam or noise",
        "deleted": "the customer deleted the message",
        "resolved": "resolved without an answer",
        "no_policy": "no rule promises anything here",
        "superseded": "a later message showed that nobody waited",
    },
    notices={"received": "confirmation of receipt", "alert": "alert"},
    outcomes={"sent": "sent", "failed": "not sent", "suppressed": "not sent on purpose"},
    suppressions={
        "spam": "spam",
        "noise": "noise",
        "crisis": "no automatic texts in a crisis",
        "one_per_hour": "one an hour at the most",
    },
    waits={
        "nobody_has_the_skills": "Nobody has the skills that are called for.",
        "nobody_online": "Of those who could take it nobody is available.",
        "all_full": "Everybody who could take it has no room just now.",
        "goes_first": "Who had it last goes first for a while.",
        "matching": "It is being assigned.",
    },
)

VOCABULARY: Mapping[Language, Vocabulary] = {"de": _GERMAN, "en": _ENGLISH}
