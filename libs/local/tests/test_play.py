"""The play's script, voices and lines, each on its own."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from rich.console import Console

from lotse.contracts.channels import Channel
from lotse.contracts.config_file import load
from lotse.contracts.conversations import AssignmentChanged, MessageAdded, ReplyBlocked
from lotse.contracts.deadlines import Clock, DeadlineStarted
from lotse.contracts.envelope import Event, Fact
from lotse.contracts.ids import AccountId, AgentId, ConversationId, CustomerId, MessageId, ReplyId
from lotse.contracts.insights import MessageAnalysed
from lotse.contracts.values import Actor, Reading, Sentiment, Situation, Span
from lotse.local.play import script
from lotse.local.play.customers import filled
from lotse.local.play.language import language_of, texts
from lotse.local.play.lines import Line, Teller
from lotse.local.play.printing import Printer
from lotse.local.play.scene import Scene
from lotse.local.play.script import Answer, Delete, Edit, Say
from lotse.local.play.voices import Choir, Person

CONFIG = load((Path(__file__).parents[3] / "config" / "lotse.yaml").read_text(encoding="utf-8"))
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TALK, MESSAGE = ConversationId(UUID(int=1)), MessageId(UUID(int=2))


class Everything(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"secret of {key}"


def test_the_day_is_busy_german_first_and_on_every_channel():
    day = script.read()
    assert len(day.stories) >= 60
    german = sum(story.lang == "de" for story in day.stories)
    assert len(day.stories) - german >= 10
    assert german > len(day.stories) / 2
    wanted = {"messenger", "facebook", "instagram", "instagram-direct", "whatsapp", "email", "letter", "phone"}
    assert {story.via.value for story in day.stories} == wanted
    turns = [turn for story in day.stories for turn in story.talk]
    for kind in (Edit, Delete):
        assert any(isinstance(turn, kind) for turn in turns)
    assert any(isinstance(turn, Say) and turn.copies > 1 for turn in turns)
    assert any(isinstance(turn, Answer) and turn.slip for turn in turns)


def test_every_word_of_the_script_can_be_filled_in():
    person = Person("Kim", "Brandt", 1, "12345678")
    for story in script.read().stories:
        words = [getattr(turn, name, None) for turn in story.talk for name in ("say", "edit", "answer", "slip", "note")]
        for word in filter(None, [story.subject, *words]):
            assert "{" not in filled(word, person, "Anna")


@pytest.mark.parametrize("channel", sorted({story.via for story in script.read().stories}))
def test_each_channel_has_a_voice_whose_words_have_ids_of_their_own(channel: Channel):
    choir = Choir(CONFIG, Everything())
    people = [Person("Kim", "Brandt", number, "12345678") for number in (1, 11)]
    voices = [choir.voice(channel, person, "Betreff") for person in people]
    words = [voice.say(n, "Moin", NOW, None) for voice in voices if voice for n in range(3)]
    assert len({word.message for word in words}) == 6
    assert len({word.call.body for word in words}) == 6


class Told:
    """What was told of a made history."""

    def __init__(self, lang: str = "de") -> None:
        self.teller = Teller(CONFIG, texts({"LOTSE_LANG": lang}))
        self.scene = Scene()
        self.lines: list[Line] = []

    async def hear(self, *events: Event) -> list[str]:
        for event in events:
            fact = Fact(uuid4(), "/test", NOW, event)
            await self.scene.hear(fact)
            self.lines += self.teller.lines(fact, self.scene)
        return [f"{line.mark} {line.who}: {line.text}" for line in self.lines]


def added(text: str = "Mein Paket fehlt!") -> MessageAdded:
    return MessageAdded(
        conversation_id=TALK,
        message_id=MESSAGE,
        customer_id=CustomerId(UUID(int=3)),
        channel=Channel.WHATSAPP,
        sender_name="Kim Brandt",
        text=text,
        occurred_at=NOW,
        received_at=NOW,
    )


def analysed(sentiment: Sentiment = Sentiment.NEGATIVE) -> MessageAnalysed:
    reading = Reading(sentiment=sentiment, situation=Situation.COMPLAINT, topics=("delivery",))
    return MessageAnalysed(
        account=AccountId("hafen"),
        channel=Channel.WHATSAPP,
        thread="1",
        message_id=MESSAGE,
        occurred_at=NOW,
        reading=reading,
    )


def assigned(agent: str | None, previous: str | None = None, reason: str = "matched") -> AssignmentChanged:
    return AssignmentChanged(
        conversation_id=TALK,
        previous=AgentId(previous) if previous else None,
        current=AgentId(agent) if agent else None,
        actor=Actor(kind="service", id="router"),
        reason=reason,
        at=NOW,
    )


def started() -> DeadlineStarted:
    return DeadlineStarted(
        conversation_id=TALK,
        deadline_id=UUID(int=4),
        clock=Clock.FIRST_RESPONSE,
        channel=Channel.WHATSAPP,
        started_at=NOW,
        due_at=NOW + timedelta(minutes=30),
        target=timedelta(minutes=30),
        policy="messenger",
        policy_version="1",
        calendar="always",
        calendar_version="1",
    )


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_a_message_is_told_before_how_it_reads_whichever_is_heard_first(order: tuple[int, int]):
    told = Told()
    events = (added(), analysed())
    assert await told.hear(*(events[n] for n in order)) == [
        "✉ Kim Brandt: WhatsApp: „Mein Paket fehlt!“",
        "? Kim Brandt: liest sich negativ, Beschwerde, Lieferung",
    ]


async def test_the_same_reading_is_told_once_and_another_one_again():
    lines = await Told().hear(added(), analysed(), analysed(), analysed(Sentiment.UNSURE))
    assert [line for line in lines if line.startswith("?")] == [
        "? Kim Brandt: liest sich negativ, Beschwerde, Lieferung",
        "? Kim Brandt: liest sich unsicher, Beschwerde, Lieferung",
    ]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_who_has_it_is_told_with_the_time_by_which_he_answers(order: tuple[int, int]):
    events = (assigned("anna"), started())
    lines = await Told("en").hear(added(), *(events[n] for n in order))
    assert len(lines) == 2
    assert lines[1].startswith("→ Kim Brandt: to Anna Petersen, answer by ")


async def test_a_blocked_reply_says_what_may_not_be_public():
    blocked = ReplyBlocked(
        conversation_id=TALK,
        reply_id=ReplyId(UUID(int=5)),
        agent_id=AgentId("clara"),
        problem="pii",
        spans=(Span(kind="iban", start=0, end=3),),
        suggestion="private",
        at=NOW,
    )
    lines = await Told().hear(added(), blocked)
    assert lines[-1] == "■ Kim Brandt: Clara wird gebremst: Eine IBAN gehört nicht in die Öffentlichkeit"


async def test_taken_back_and_handed_over_say_why():
    lines = await Told("en").hear(added(), started(), assigned(None, "anna", "left"), assigned("eva", "anna", "sales"))
    assert lines[1:] == [
        "← Kim Brandt: back in the queue (gone)",
        "→ Kim Brandt: from Anna Petersen to Eva Lindner (sales)",
    ]


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, "de"),
        ({"LANG": "C.UTF-8"}, "de"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LOTSE_LANG": "de"}, "de"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
    ],
)
def test_the_language_is_german_unless_english_is_asked_for(environment: dict[str, str], wanted: str):
    assert language_of(environment) == wanted


@pytest.mark.parametrize("terminal", [True, False])
def test_lines_fit_the_terminal_and_are_plain_elsewhere(terminal: bool):
    out = StringIO()
    console = Console(file=out, force_terminal=terminal, width=80, soft_wrap=True, legacy_windows=False)
    Printer(console).show(Line(NOW, "✉", "Kim Brandt", "Moin " * 60, "bold", TALK))
    text = out.getvalue()
    assert ("\x1b[" in text) is terminal
    assert text.count("\n") == 1
    assert "Kim B." in text
    assert "00000000" in text
    assert "…" in text
