# pyright: reportUnknownMemberType=false
"""The person who has a page open: his presence, his heartbeat, the end of his sign-in."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from nicegui import Client, ui

from lotse.contracts.commands import AgentHeartbeat, AgentStatusRequested
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AgentId
from lotse.contracts.values import Presence
from lotse.desk.acting import ask
from lotse.desk.api import lists
from lotse.desk.api import models as m
from lotse.desk.api.problems import ApiError
from lotse.desk.changes import Changes
from lotse.desk.console.elements.keys import Keys
from lotse.desk.console.elements.own import Corner, State, Wish
from lotse.desk.console.live import while_shown
from lotse.desk.console.viewer import Viewer
from lotse.desk.language import Language

if TYPE_CHECKING:
    from lotse.desk.console.console import Console

BEATS = timedelta(seconds=10)
"""Three of them may be missed before the agent counts as gone."""

_SHARED = timedelta(seconds=5)
"""A beat from another page of the same agent, this short ago, does for this one, too."""


@frozen
class OwnTexts:
    you: str
    presence: str
    statuses: Mapping[str, str]
    missed: str
    load: str
    skills: str
    one: str
    many: str
    hand_back: str
    asking: str
    pending: str
    failed: str
    theme: str
    themes: Mapping[str, str]
    language: str
    keys: str
    leave: str
    roles: Mapping[str, str]


TEXTS: Mapping[Language, OwnTexts] = {
    "de": OwnTexts(
        you="Ihr Konto",
        presence="Verfügbarkeit",
        statuses={
            "online": "Verfügbar",
            "away": "Abwesend",
            "offline": "Abgemeldet",
            "not_responding": "Antwortet nicht",
        },
        missed="Sie haben zwei Angebote nacheinander verpasst und bekommen keine neuen, bis Sie sich verfügbar melden.",
        load="In Arbeit",
        skills="Fähigkeiten",
        one="1 Gespräch",
        many="{} Gespräche",
        hand_back="Arbeit zurückgeben",
        asking="Wird ausgeführt …",
        pending="Wird noch ausgeführt …",
        failed="Das ging nicht. Bitte noch einmal versuchen.",
        theme="Darstellung",
        themes={"auto": "System", "light": "Hell", "dark": "Dunkel"},
        language="Sprache",
        keys="Tasten",
        leave="Abmelden",
        roles={"agent": "", "lead": "Teamleitung", "admin": "Verwaltung"},
    ),
    "en": OwnTexts(
        you="Your account",
        presence="Availability",
        statuses={"online": "Available", "away": "Away", "offline": "Offline", "not_responding": "Not responding"},
        missed="You missed two offers in a row and get no new ones until you say that you are available.",
        load="In hand",
        skills="Skills",
        one="1 conversation",
        many="{} conversations",
        hand_back="Hand work back",
        asking="Working on it …",
        pending="Still being worked on …",
        failed="That did not work. Please try again.",
        theme="Appearance",
        themes={"auto": "System", "light": "Light", "dark": "Dark"},
        language="Language",
        keys="Keys",
        leave="Sign out",
        roles={"agent": "", "lead": "Team lead", "admin": "Administration"},
    ),
}


async def add(console: "Console", viewer: Viewer, keys: Keys) -> Callable[[], Awaitable[None]]:
    """Put the corner where the page is being built; gives what keeps heartbeat and sign-in going, every `BEATS`."""
    me = await lists.get_me(console.parts(), viewer.caller)
    own = _Own(console, viewer, ui.context.client, me, keys)
    if me.agent is not None:
        while_shown(console.hub, own.client, own.show)
    return own.tick


class _Own:
    def __init__(self, console: "Console", viewer: Viewer, client: Client, me: m.Me, keys: Keys) -> None:
        self.client = client
        self._console, self._viewer, self._said = console, viewer, TEXTS[viewer.language]
        self._state, self._stale, self._gives_back = _state(me), False, False
        self._corner = Corner(
            _card(me, self._said),
            self._state,
            asdict(self._said),
            viewer.theme,
            viewer.language,
            on_status=self._change,
            on_opened=self._refresh,
            on_keys=keys.show,
        )

    async def show(self, changes: Changes) -> None:
        """Presence and what is being given back are shown at once; else what is in hand comes with the next beat."""
        self._stale = self._stale or bool(changes.conversations)
        if changes.agents or changes.all or (self._gives_back and self._stale):
            await self._refresh()

    async def tick(self) -> None:
        """A sign of life while the page is connected; the way out where the sign-in has ended."""
        if not self.client.has_socket_connection:
            return
        with suppress(ApiError):
            if await self._console.ended(self._viewer):
                self._leave()
                return
            if self._stale:
                await self._refresh()
            if self._state is not None and self._state.status is not Presence.OFFLINE:
                await self._beat()

    async def _beat(self) -> None:
        agent, now = self._viewer.caller.subject, self._console.parts().clock()
        if now - self._console.beats.get(agent, datetime.min.replace(tzinfo=now.tzinfo)) < _SHARED:
            return
        self._console.beats[agent] = now
        asked = ask(self._console.parts(), self._viewer.caller, f"beat-{uuid4()}")
        await asked.publish(AgentHeartbeat(agent_id=AgentId(agent), **asked.by))

    def _leave(self) -> None:
        """The browser goes where it can sign in again, and comes back here; this page shows nothing more."""
        self._corner.run_method("end")
        ui.timer(2, self.client.delete, once=True)

    async def _refresh(self) -> None:
        self._stale = False
        self._state = _state(await lists.get_me(self._console.parts(), self._viewer.caller))
        if self._state is not None:
            self._gives_back = self._gives_back and self._state.conversations > 0
            self._corner.tell(self._state)

    async def _change(self, wish: Wish) -> None:
        self._gives_back = wish.hand_back
        said = await self._asked(wish)
        self._gives_back = self._gives_back and not said
        try:
            await self._refresh()
        except ApiError:
            said = said or self._said.failed
        if self._state is not None:
            self._corner.tell(self._state, said)

    async def _asked(self, wish: Wish) -> str:
        """What to say about it; nothing where the presence itself says it."""
        caller = self._viewer.caller
        try:
            asked = ask(self._console.parts(), caller, f"status-{uuid4()}")
            outcome = await asked.outcome(
                AgentStatusRequested(
                    agent_id=AgentId(caller.subject),
                    **asked.by,
                    status=wish.status,
                    hand_back=wish.hand_back,
                )
            )
        except ApiError:
            return self._said.failed
        if outcome is None:
            return self._said.pending
        return self._said.failed if outcome.refused and outcome.reason != "unchanged" else ""


def _card(me: m.Me, said: OwnTexts) -> Mapping[str, object]:
    agent = me.agent
    skills = sorted(agent.skills.items(), key=lambda skill: (-skill[1], skill[0])) if agent else []
    return {
        "name": agent.name if agent else me.subject,
        "title": agent.title if agent else "",
        "initials": (agent.initials if agent else "") or me.subject[:2].upper(),
        "picture": agent.picture if agent and agent.picture.startswith("/") else "",
        "role": said.roles.get(me.role, ""),
        "skills": [{"name": name, "level": level} for name, level in skills],
    }


def _state(me: m.Me) -> State | None:
    if me.agent is None:
        return None
    return State(
        status=me.agent.status,
        conversations=me.agent.conversations,
        units=me.agent.units,
        soft=me.agent.soft_limit,
    )
