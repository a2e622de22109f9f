"""The sentences of the line of time. `{who}`, `{until}` and the like are filled in, times in the reader's zone."""

from collections.abc import Mapping

from lotse.contracts.frozen import frozen
from lotse.desk.language import Language


@frozen
class StoryTexts:
    customer: str
    somebody: str
    """An agent or a system that is not known by name."""
    lotse: str
    note_by: str
    deleted: str
    edited: str
    automatic: str
    elsewhere: str
    override: str
    states: Mapping[str, str]
    """How far an answer came."""
    failed: str
    blocked: str
    and_resolved: str
    opened: str
    moved: Mapping[str, str]
    """By status: how a conversation came there. `{who}` is who did it, `{until}` a time."""
    by: str
    rules: str
    calls_for: str
    relaxed: str
    assigned: str
    given: str
    pulled: str
    taken_back: str
    to_team: str
    rings: Mapping[int, str]
    later_ring: str
    waited: str
    started: str
    warned: str
    missed: str
    met: str
    met_late: str
    corrected: str
    cancelled: str
    notice: str
    alert: str
    correction: str
    outcomes: Mapping[str, str]
    """What became of a promise, in a word or two."""


STORY: Mapping[Language, StoryTexts] = {
    "de": StoryTexts(
        customer="Kunde",
        somebody="jemand",
        lotse="Lotse",
        note_by="Notiz von {who}, nur intern",
        deleted="Vom Kunden gelöscht",
        edited="bearbeitet",
        automatic="automatisch",
        elsewhere="außerhalb von Lotse beantwortet",
        override="trotz persönlicher Daten freigegeben: {reason}",
        states={
            "approved": "freigegeben",
            "sent": "gesendet",
            "delivered": "zugestellt",
            "read": "gelesen",
            "failed": "nicht gesendet",
            "blocked": "aufgehalten",
        },
        failed="Nicht gesendet.",
        blocked="Aufgehalten, der Kunde hat nichts bekommen.",
        and_resolved="damit erledigt",
        opened="Gespräch begonnen: {channel}",
        moved={
            "new": "Wieder geöffnet",
            "queued": "In der Warteschlange",
            "assigned": "Weiter in Arbeit",
            "waiting": "Beantwortet, der Kunde ist am Zug",
            "snoozed": "Zurückgestellt bis {until}",
            "resolved": "Erledigt",
            "set_aside": "Aussortiert",
        },
        by="von {who}",
        rules="Regeln: {rules}",
        calls_for="verlangt {skills}",
        relaxed="Ring {ring}: {skills} nicht mehr verlangt",
        assigned="{who} hat das Gespräch bekommen",
        given="{who} hat das Gespräch von {by} bekommen",
        pulled="{who} hat das Gespräch übernommen",
        taken_back="Zurück in die Warteschlange",
        to_team="Team {team}",
        rings={0: "hatte es zuvor", 1: "hat alle Fähigkeiten"},
        later_ring="Ring {ring}, nach Abstrichen",
        waited="gewartet {time}",
        started="Frist begonnen: {clock} bis {due} ({policy})",
        warned="Vorwarnung: {clock} bis {due}",
        missed="Frist verpasst: {clock} war bis {due} versprochen",
        met="Frist eingehalten: {clock}",
        met_late="Verspätet beantwortet: {clock}",
        corrected="Frist doch eingehalten: {clock}. Die Antwort wurde erst später bekannt",
        cancelled="Frist entfallen: {clock}",
        notice="{kind} {outcome}",
        alert="Alarm an {sink} {outcome}",
        correction="Lesart korrigiert: {reading}",
        outcomes={"met": "eingehalten", "late": "verspätet", "cancelled": "entfallen"},
    ),
    "en": StoryTexts(
        customer="Customer",
        somebody="somebody",
        lotse="Lotse",
        note_by="Note by {who}, internal only",
        deleted="Deleted by the customer",
        edited="edited",
        automatic="automatic",
        elsewhere="answered outside Lotse",
        override="let through despite personal data: {reason}",
        states={
            "approved": "approved",
            "sent": "sent",
            "delivered": "delivered",
            "read": "read",
            "failed": "not sent",
            "blocked": "held back",
        },
        failed="Not sent.",
        blocked="Held back, the customer got nothing.",
        and_resolved="and thereby resolved",
        opened="Conversation begun: {channel}",
        moved={
            "new": "Reopened",
            "queued": "In the queue",
            "assigned": "In work again",
            "waiting": "Answered, it is the customer's turn",
            "snoozed": "Snoozed until {until}",
            "resolved": "Resolved",
            "set_aside": "Set aside",
        },
        by="by {who}",
        rules="rules: {rules}",
        calls_for="calls for {skills}",
        relaxed="Ring {ring}: {skills} no longer called for",
        assigned="{who} was given the conversation",
        given="{who} was given the conversation by {by}",
        pulled="{who} took the conversation",
        taken_back="Back in the queue",
        to_team="team {team}",
        rings={0: "had it before", 1: "has all skills"},
        later_ring="ring {ring}, after relaxing",
        waited="waited {time}",
        started="Promise begun: {clock} by {due} ({policy})",
        warned="Warning: {clock} by {due}",
        missed="Promise missed: {clock} was promised by {due}",
        met="Promise kept: {clock}",
        met_late="Answered late: {clock}",
        corrected="Promise kept after all: {clock}. The answer became known later",
        cancelled="Promise no longer counts: {clock}",
        notice="{kind} {outcome}",
        alert="Alert to {sink} {outcome}",
        correction="Reading corrected: {reading}",
        outcomes={"met": "kept", "late": "late", "cancelled": "no longer counts"},
    ),
}
