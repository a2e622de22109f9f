"""From a draft to a command and its outcome: sent once, however often it is asked for, and never lost on the way."""

import asyncio
from datetime import timedelta
from typing import Literal

from lotse.contracts import commands as c
from lotse.contracts.frozen import frozen, replace
from lotse.contracts.values import Attachment
from lotse.desk import drafts
from lotse.desk.acting import Asked, ask
from lotse.desk.api import models as m
from lotse.desk.api.parts import Parts
from lotse.desk.api.problems import ApiError, reading
from lotse.desk.auth import Caller
from lotse.desk.console.composing.judging import judge
from lotse.desk.console.composing.standing import Setting
from lotse.desk.console.composing.texts import ComposerTexts
from lotse.desk.console.conversing.words import Vocabulary, say
from lotse.desk.drafts import Draft

PATIENCE = timedelta(seconds=60)
"""How long an outcome that did not come at once is waited for."""

Then = Literal["waiting", "resolved"]
State = Literal["sent", "refused", "colleague", "under_way", "unknown"]


@frozen
class Wish:
    """How a draft is to go out. `confirmed`: the agent knows that a colleague has just answered."""

    then: Then = "waiting"
    override_reason: str | None = None
    confirmed: bool = False


@frozen
class Result:
    """How far a draft came, in words for the agent; with `colleague` the words are his name."""

    state: State
    words: str
    draft: Draft


@frozen
class Sender:
    """One person's way to send."""

    parts: Parts
    caller: Caller
    said: ComposerTexts
    words: Vocabulary

    async def send(self, setting: Setting, draft: Draft, wish: Wish) -> Result:
        """Check, keep the words with their key, hand them on. Raises ApiError 503 where the database is away."""
        against = self._against(setting, draft, wish)
        if against:
            return Result("refused", against, draft)
        now = self.parts.clock()
        async with reading(self.parts.database) as tx:
            if draft.place.kind == "reply" and not wish.confirmed:
                colleague = await drafts.colleague(tx, draft.place, now)
                if colleague is not None:
                    return Result("colleague", setting.name_of(colleague), draft)
            known = (await drafts.of(tx, draft.place.agent, draft.place.conversation)).get(draft.place.kind)
            draft = draft if known is None else replace(draft, key=known.key)
            asked = await drafts.ask(tx, draft, draft.asking(wish.then, wish.override_reason), now)
        if asked is None:
            return Result("refused", self.said.on_its_way, draft)
        return await self.hand_on(asked)

    def _against(self, setting: Setting, draft: Draft, wish: Wish) -> str:
        """Why it cannot go out as it is; empty where nothing is against it."""
        if draft.empty:
            return self.said.problems["empty"]
        files = list[Attachment]()
        for file in draft.files:
            found = self.parts.files.attached(file.id)
            if found is None:
                return self.said.file_gone.format(file=file.name)
            files.append(found)
        if draft.place.kind == "note":
            return ""
        meant = setting.as_meant(draft.private)
        judged = judge(meant, draft.text, self.parts.clock(), files, wish.override_reason or "")
        return " ".join(problem.text for problem in judged.problems)

    async def hand_on(self, draft: Draft) -> Result:
        """Publish the command of a draft that was asked for, and wait a little. Once more is the same command."""
        try:
            asked = self._asked(draft)
            outcome = await asked.outcome(self._command(draft, asked))
        except ApiError as error:
            reason = say(self.words.refusals, error.problem.reason)
            if error.problem.status >= 500:
                return Result("unknown", f"{reason} {self.said.unknown}", draft)
            return Result("refused", reason, await self.give_back(draft))
        return Result("under_way", self.said.under_way, draft) if outcome is None else await self.settle(draft, outcome)

    async def awaited(self, draft: Draft) -> Result:
        """The result of a draft that is on its way, once it is known, or `unknown` after a minute."""
        command = self._asked(draft).command_id
        try:
            async with self.parts.waiting.for_outcome(command) as future:
                done, _ = await asyncio.wait([future], timeout=PATIENCE.total_seconds())
                return await self.settle(draft, future.result()) if done else self._unknown(draft)
        except ApiError:
            return self._unknown(draft)

    async def settle(self, draft: Draft, outcome: m.Outcome) -> Result:
        """The outcome is known: the draft is gone, or stands to be changed."""
        if outcome.refused:
            known = {**self.words.refusals, **self.words.blocks}
            return Result("refused", say(known, outcome.reason), await self.give_back(draft))
        asked = _asked_for(draft)
        async with reading(self.parts.database) as tx:
            await drafts.sent(tx, draft.place, asked.key)
        word = draft.place.kind if draft.place.kind == "note" or asked.then == "waiting" else "resolved"
        return Result("sent", self.said.sent[word], Draft(draft.place))

    async def give_back(self, draft: Draft) -> Draft:
        """The words to be changed, under a new key. Raises ApiError 503."""
        async with reading(self.parts.database) as tx:
            key = await drafts.give_back(tx, draft.place, _asked_for(draft).key)
        return replace(draft, asked=None, asked_at=None, key=key)

    def _unknown(self, draft: Draft) -> Result:
        return Result("unknown", self.said.unknown, draft)

    def _asked(self, draft: Draft) -> Asked:
        return ask(self.parts, self.caller, _asked_for(draft).key)

    def _command(self, draft: Draft, asked: Asked) -> c.Command:
        place, wanted = draft.place, _asked_for(draft)
        by = asked.about(place.conversation)
        if place.kind == "note":
            return c.NoteWritten(**by, text=draft.text)
        files = [self.parts.files.attached(file.id) for file in draft.files]
        return c.ReplyRequested(
            **by,
            text=draft.text,
            attachments=tuple(file for file in files if file is not None),
            then=wanted.then,
            override_reason=wanted.override_reason,
            private=draft.private,
        )


def _asked_for(draft: Draft) -> drafts.Asked:
    assert draft.asked is not None  # noqa: S101
    return draft.asked
