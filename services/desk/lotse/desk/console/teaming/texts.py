"""What the team page says. `{n}`, `{who}`, `{time}`, `{what}` are filled in, most of them in the browser."""

from collections.abc import Mapping

from lotse.contracts.frozen import frozen
from lotse.desk.console.conversing.texts import CONVERSATION
from lotse.desk.language import Language

Texts = Mapping[str, str]

_DIALOGS = ("close", "cancel", "busy", "transfer_to", "transfer_why", "team", "nobody_found", "names_coming")


@frozen
class TeamTexts:
    title: str
    board: Texts
    """For the element."""
    full: str
    other_team: str
    no_words: str
    customer: str
    done: Texts
    slow: str
    keys: Texts


def _dialog(language: Language) -> dict[str, str]:
    """What the dialogs of a conversation say, too."""
    return {name: CONVERSATION[language].heading[name] for name in _DIALOGS}


TEAM: Mapping[Language, TeamTexts] = {
    "de": TeamTexts(
        title="Team",
        board=_dialog("de")
        | {
            "queue": "Warteschlange",
            "nobody_waits": "Niemand wartet auf eine Zuweisung.",
            "none_so": "Niemand wartet aus diesem Grund.",
            "oldest": "längste Wartezeit {time}",
            "reasons": "Warum sie warten",
            "all": "Alle",
            "more": "{n} weitere warten; gezeigt werden die ersten.",
            "since": "wartet {time}",
            "queued": "in der Warteschlange seit",
            "left": "in {time}",
            "over": "seit {time} überfällig",
            "priority": "Priorität {n}",
            "crisis": "Krise",
            "public": "öffentlich",
            "who": "Wer könnte",
            "nobody": "niemand",
            "needs": "Verlangt",
            "nothing": "keine bestimmten Fähigkeiten",
            "for_team": "Für das Team",
            "likes": "Gern gesehen",
            "rules": "Regeln",
            "relaxed": "Nicht mehr verlangt",
            "eases": "Ab {time} nicht mehr verlangt: {what}",
            "first": "{who} geht bis {time} vor",
            "lacks": "fehlt: {what}",
            "assign": "Zuweisen",
            "assign_this": "Gespräch von {who} zuweisen",
            "take": "Übernehmen",
            "take_this": "Gespräch von {who} übernehmen",
            "transfer_title": "Von Hand zuweisen",
            "transfer": "Zuweisen",
            "agents": "Kolleginnen und Kollegen",
            "there": "{n} erreichbar",
            "is_since": "seit {time}",
            "load": "Auslastung von {who}",
            "used": "{n} von {soft} Einheiten, höchstens {hard}",
            "in_hand": "In Arbeit",
            "free": "Nichts in Arbeit",
            "skills": "Fähigkeiten",
            "you": "Sie",
            "status": "Status",
            "status_of": "Status von {who} ändern",
            "status_go": "Ändern",
            "hand_back": "Seine Arbeit sofort in die Warteschlange zurückgeben",
            "today": "Heute",
            "today_note": "Versprechen, über die heute entschieden wurde ({zone}).",
            "channel": "Kanal",
            "kept": "Gehalten",
            "missed": "Verfehlt",
            "level": "Quote",
            "open": "Offen",
            "overdue": "Überfällig",
            "total": "Zusammen",
            "no_promises": "Heute wurde noch nichts versprochen.",
            "as_of": "Stand {time}",
        },
        full="kein Platz",
        other_team="anderes Team",
        no_words="(ohne Text)",
        customer="Unbekannt",
        done={"transfer": "Zugewiesen.", "take": "Das Gespräch ist bei Ihnen.", "status": "Der Status ist geändert."},
        slow="wird ausgeführt …",
        keys={
            "group": "Team",
            "next": "Nächstes Gespräch in der Warteschlange",
            "previous": "Voriges Gespräch in der Warteschlange",
            "assign": "Zuweisen oder übernehmen",
            "agents": "Zu den Kolleginnen und Kollegen",
        },
    ),
    "en": TeamTexts(
        title="Team",
        board=_dialog("en")
        | {
            "queue": "Queue",
            "nobody_waits": "Nobody waits to be assigned.",
            "none_so": "Nobody waits for this reason.",
            "oldest": "longest wait {time}",
            "reasons": "Why they wait",
            "all": "All",
            "more": "{n} more are waiting; the first are shown.",
            "since": "waiting {time}",
            "queued": "in the queue since",
            "left": "in {time}",
            "over": "overdue by {time}",
            "priority": "Priority {n}",
            "crisis": "Crisis",
            "public": "public",
            "who": "Who could",
            "nobody": "nobody",
            "needs": "Calls for",
            "nothing": "no particular skills",
            "for_team": "For the team",
            "likes": "Preferred",
            "rules": "Rules",
            "relaxed": "No longer called for",
            "eases": "From {time} no longer called for: {what}",
            "first": "{who} goes first until {time}",
            "lacks": "lacks: {what}",
            "assign": "Assign",
            "assign_this": "Assign the conversation of {who}",
            "take": "Take",
            "take_this": "Take the conversation of {who}",
            "transfer_title": "Assign by hand",
            "transfer": "Assign",
            "agents": "Colleagues",
            "there": "{n} available",
            "is_since": "since {time}",
            "load": "Load of {who}",
            "used": "{n} of {soft} units, {hard} at most",
            "in_hand": "In hand",
            "free": "Nothing in hand",
            "skills": "Skills",
            "you": "you",
            "status": "Status",
            "status_of": "Change the status of {who}",
            "status_go": "Change",
            "hand_back": "Return his work to the queue at once",
            "today": "Today",
            "today_note": "Promises whose outcome fell on today ({zone}).",
            "channel": "Channel",
            "kept": "Kept",
            "missed": "Missed",
            "level": "Level",
            "open": "Open",
            "overdue": "Overdue",
            "total": "Total",
            "no_promises": "Nothing was promised today yet.",
            "as_of": "As of {time}",
        },
        full="no room",
        other_team="other team",
        no_words="(no text)",
        customer="Unknown",
        done={"transfer": "Assigned.", "take": "The conversation is yours.", "status": "The status is changed."},
        slow="in progress …",
        keys={
            "group": "Team",
            "next": "Next conversation in the queue",
            "previous": "Previous conversation in the queue",
            "assign": "Assign or take",
            "agents": "To the colleagues",
        },
    ),
}
