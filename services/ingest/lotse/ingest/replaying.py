"""What was not understood, tried again by the parsers of this release."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from lotse.contracts.envelope import Fact
from lotse.contracts.frozen import frozen, replace
from lotse.contracts.inbound import InboundEvent, MessageEdited, MessageReceived
from lotse.ingest.accounts import Accounts
from lotse.ingest.channels import mail, meta
from lotse.ingest.channels.parsed import Parsed, Unreadable
from lotse.ingest.edge import TOO_LARGE, StoreUnavailable, uses_of
from lotse.ingest.store import Parked, Part, unparsed_id
from lotse.ingest.web.calls import Calls
from lotse.ingest.web.problems import Away, Unknown


@frozen
class Replayed:
    """What became of a part: kept no longer once it is understood, or what is left of it is kept by itself."""

    understood: bool
    events: int


@frozen
class Replaying:
    """The same way in as a call's, with the ids that the parts had from the start."""

    accounts: Accounts
    calls: Calls

    async def part(self, id: UUID) -> Part:
        """Raises Unknown, Away."""
        try:
            found = await self.calls.opened().part(id)
        except StoreUnavailable as error:
            raise Away("the store cannot be had") from error
        if found is None:
            raise Unknown("there is no such part, or it was understood meanwhile")
        return found

    async def replay(self, id: UUID) -> Replayed:
        """Publish what is understood now. Raises Unknown, Away; then nothing may be taken for published."""
        parked = (await self.part(id)).parked
        kind, parsed = await asyncio.to_thread(self._parse, parked)
        as_before = [part for part in parsed.unparsed if unparsed_id(parked.account, part) == id]
        wanted = await self._wanted(parsed.facts)
        files, kept = {sha256 for _, sha256 in uses_of(parsed.facts)}, {sha256 for _, sha256 in uses_of(wanted)}
        news = replace(
            parsed,
            facts=wanted,
            blobs=tuple(blob for blob in parsed.blobs if blob.sha256 in kept or blob.sha256 not in files),
            unparsed=tuple(part for part in parsed.unparsed if part not in as_before),
        )
        await self.calls.accept(kind, parked.account, news, parked.traceparent)
        if as_before:
            return Replayed(understood=False, events=len(parsed.facts))
        try:
            await self.calls.opened().understood(id)
        except StoreUnavailable as error:
            raise Away("the store cannot be had") from error
        return Replayed(understood=True, events=len(news.facts))

    async def _wanted(self, facts: Sequence[Fact[InboundEvent]]) -> tuple[Fact[InboundEvent], ...]:
        """Without what customers took back meanwhile: nobody who heard of that remembers it for as long as we do."""
        said = {
            fact.id: fact.data.message_id for fact in facts if isinstance(fact.data, MessageReceived | MessageEdited)
        }
        try:
            gone = await self.calls.opened().gone(set(said.values())) if said else set[UUID]()
        except StoreUnavailable as error:
            raise Away("the store cannot be had") from error
        return tuple(fact for fact in facts if said.get(fact.id) not in gone)

    def _parse(self, parked: Parked) -> tuple[str, Parsed]:
        """As on the day it came, by the account's own parser; left as it is where there is none for it."""
        account, body, at = parked.account, parked.part.body, parked.received_at
        left = Parsed(unparsed=(parked.part,))
        if parked.part.reason == TOO_LARGE:
            return "replay", left
        try:
            if known := self.accounts.meta.get(account):
                return "meta", meta.parse(body, account, known.config, at)
            if known := self.accounts.mail.get(account):
                return "mail", mail.parse(body, account, known.config, at)
        except Unreadable:
            return "replay", left
        return "replay", left
