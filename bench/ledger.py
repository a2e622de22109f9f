"""Reads the topics from their start as a careful subscriber would, and keeps account of what was promised."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from lotse.contracts.topics import TOPICS, Topic

_READ = (Topic.CONVERSATIONS, Topic.DEADLINES, Topic.NOTICES, Topic.INSIGHTS)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of what was accepted; all but `republished` must be 0 beside `accepted`."""

    accepted: int
    lost: int
    doubled: int
    republished: int
    out_of_order: int
    parts: dict[str, int]

    @property
    def holds(self) -> bool:
        return not (self.lost or self.doubled or self.out_of_order)

    def __str__(self) -> str:
        return (
            f"accepted {self.accepted}, lost {self.lost}, doubled {self.doubled}, "
            f"republished {self.republished}, out of order {self.out_of_order}"
        )


@dataclass(slots=True)
class Ledger:
    """Facts after repeats were dropped, by what they are about."""

    added: Counter[str] = field(default_factory=Counter[str])
    opened: Counter[str] = field(default_factory=Counter[str])
    set_aside: set[str] = field(default_factory=set[str])
    read: set[str] = field(default_factory=set[str])
    deadlines: Counter[str] = field(default_factory=Counter[str])
    received: Counter[str] = field(default_factory=Counter[str])
    replied: Counter[str] = field(default_factory=Counter[str])
    failed: Counter[str] = field(default_factory=Counter[str])
    assigned: dict[str, str] = field(default_factory=dict[str, str])
    republished: int = 0
    out_of_order: int = 0
    _stamps: Counter[TopicPartition] = field(default_factory=Counter[TopicPartition])
    _sequences: Counter[tuple[str, bytes]] = field(default_factory=Counter[tuple[str, bytes]])
    _ids: set[bytes] = field(default_factory=set[bytes])

    def take(self, record: ConsumerRecord[bytes, bytes]) -> None:
        """One record; a repeat is only counted."""
        headers = dict(record.headers)
        if not self._is_news(record, headers):
            self.republished += 1
            return
        kind = headers["ce_type"].decode()[9:].rpartition(".")[0]
        self._enter(kind, (record.key or b"").decode(), record.value or b"{}")

    def _is_news(self, record: ConsumerRecord[bytes, bytes], headers: dict[str, bytes]) -> bool:
        if "lotse-stamp" not in headers:
            known = headers["ce_id"] in self._ids
            self._ids.add(headers["ce_id"])
            return not known
        partition, stamp = TopicPartition(record.topic, record.partition), int(headers["lotse-stamp"])
        if stamp <= self._stamps[partition]:
            return False
        self._stamps[partition] = stamp
        key, sequence = (record.topic, record.key or b""), int(headers["ce_sequence"])
        self.out_of_order += sequence != self._sequences[key] + 1
        self._sequences[key] = sequence
        return True

    def _enter(self, kind: str, key: str, value: bytes) -> None:
        match kind:
            case "message.added":
                self.added[json.loads(value)["message_id"]] += 1
            case "message.analysed":
                self.read.add(json.loads(value)["message_id"])
            case "conversation.opened":
                self.opened[key] += 1
            case "conversation.set_aside":
                self.set_aside.add(key)
            case "assignment.changed":
                self.assigned[key] = json.loads(value).get("current", "")
            case "deadline.started":
                self.deadlines[key] += json.loads(value)["clock"] == "first_response"
            case "notice.sent":
                self.received[key] += json.loads(value)["kind"] == "received"
            case "reply.sent":
                self.replied[json.loads(value)["reply_id"]] += 1
            case "reply.failed":
                self.failed[json.loads(value)["reply_id"]] += 1
            case _:
                return

    def verdict(self, accepted: Iterable[str], replies: Iterable[str], seen: Counter[str]) -> Verdict:
        """Accepted messages and replies against what the topics and the stand-in (by reply id) say."""
        wanted, asked = set(accepted), set(replies)
        working = set(self.opened) - self.set_aside
        missing = {
            "messages lost": sum(not self.added[m] for m in wanted),
            "readings lost": sum(m not in self.read for m in self.added),
            "deadlines lost": sum(not self.deadlines[c] for c in self.opened),
            "received lost": sum(not self.received[c] for c in working),
            "replies lost": sum(not self.replied[r] for r in asked),
            "replies unseen": sum(not seen[r] for r in asked),
        }
        twice = {
            "messages doubled": sum(n > 1 for n in self.added.values()),
            "conversations doubled": sum(n > 1 for n in self.opened.values()),
            "deadlines doubled": sum(n > 1 for n in self.deadlines.values()),
            "received doubled": sum(n > 1 for n in self.received.values()),
            "replies doubled": sum(n > 1 for n in self.replied.values()),
            "sends doubled": sum(n > 1 for n in seen.values()),
        }
        return Verdict(
            accepted=len(wanted),
            lost=sum(missing.values()),
            doubled=sum(twice.values()),
            republished=self.republished,
            out_of_order=self.out_of_order,
            parts={**missing, **twice, "conversations": len(self.opened), "replies": len(asked)},
        )


class Reader:
    """Reads on from where it stands; the topics' start at first."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, client_id="ledger", enable_auto_commit=False)
        self._partitions = [TopicPartition(t.full_name(prefix), n) for t in _READ for n in range(TOPICS[t].partitions)]

    async def start(self) -> None:
        await self._consumer.start()
        self._consumer.assign(self._partitions)
        await self._consumer.seek_to_beginning(*self._partitions)

    async def stop(self) -> None:
        await self._consumer.stop()

    async def into(self, ledger: Ledger) -> None:
        """Everything that stands in the topics now."""
        ends = await self._consumer.end_offsets(self._partitions)
        while any([await self._consumer.position(tp) < end for tp, end in ends.items()]):
            for records in (await self._consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    ledger.take(record)


def by_reply(sends: Iterable[dict[str, object]]) -> Counter[str]:
    """How often the stand-in took each text of each reply or notice: 1 for what was sent once."""
    told: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for send in sends:
        told[str(send.get("reply_id") or send["provider_id"])][str(send["text"])] += 1
    return Counter({reply: max(texts.values()) for reply, texts in told.items()})
