"""What providers' answers mean, and where webhooks may go."""

import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotse.contracts.values import Language
from lotse.notifier.core.outcome import Accepted, Ambiguous, Busy, Refused, SignInRefused, Throttled
from lotse.notifier.core.words import Word, plain
from lotse.notifier.sinks.http import Answer
from lotse.notifier.sinks.meta import read
from lotse.notifier.sinks.networks import Networks

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def graph(status: int, code: int = 0, subcode: int = 0, transient: bool = False, **headers: str) -> Answer:
    fault = {"code": code, "error_subcode": subcode, "is_transient": transient, "message": "said"}
    return Answer(
        status,
        {name.replace("_", "-"): value for name, value in headers.items()},
        json.dumps({"error": fault}).encode(),
    )


@pytest.mark.parametrize(
    ("given_answer", "meaning"),
    [
        (Answer(200, {}, b'{"recipient_id": "1", "message_id": "m_1"}'), Accepted("m_1", NOW)),
        (Answer(200, {}, b'{"messages": [{"id": "wamid.1"}]}'), Accepted("wamid.1", NOW)),
        (Answer(200, {}, b'{"id": "10_20"}'), Accepted("10_20", NOW)),
        (Answer(200, {}, b"<html>"), Accepted(None, NOW)),
        (graph(401), SignInRefused()),
        (graph(400, 190), SignInRefused()),
        (graph(403, 102), SignInRefused()),
        (graph(429, retry_after="30"), Throttled(timedelta(seconds=30))),
        (graph(429, retry_after="Mon, 02 Mar 2026 09:01:00 GMT"), Throttled(timedelta(minutes=1))),
        (graph(429, retry_after="soon"), Throttled(None)),
        (graph(429, retry_after="999999999999999999999"), Throttled(timedelta(hours=1))),
        (graph(400, 4), Throttled(None)),
        (graph(403, 613), Throttled(None)),
        (graph(400, 130429), Throttled(None)),
        (graph(400, 131056), Busy(None)),
        (graph(500, 2), Busy(None)),
        (graph(503, retry_after="5"), Busy(timedelta(seconds=5))),
        (graph(400, 99, transient=True), Busy(None)),
        (Answer(502, {}, b"<html>"), Busy(None)),
        (Answer(504, {}, b""), Ambiguous()),
        (graph(400, 10, 2018278), Refused(Word.WINDOW, "said")),
        (graph(400, 131047), Refused(Word.WINDOW, "said")),
        (graph(400, 551), Refused(Word.RECIPIENT, "said")),
        (graph(403, 200), Refused(Word.FORBIDDEN, "said")),
        (graph(400, 100), Refused(Word.REFUSED, "said")),
        (Answer(404, {}, b"nothing"), Refused(Word.REFUSED, "")),
        (Answer(302, {}, b""), Refused(Word.REFUSED, "")),
    ],
)
def test_what_the_graph_api_means(given_answer: Answer, meaning: Any) -> None:
    assert read(given_answer, NOW) == meaning


@given(st.integers(100, 599), st.binary(max_size=200), st.dictionaries(st.just("retry-after"), st.text(max_size=30)))
def test_no_answer_is_beyond_reading(status: int, body: bytes, headers: dict[str, str]) -> None:
    meaning = read(Answer(status, headers, body), NOW)
    assert isinstance(meaning, Accepted) == (200 <= status < 300)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.0.0.7", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.7", False),
        ("64:ff9b::a00:7", False),
        ("2002:a00:7::1", False),
    ],
)
def test_webhooks_stay_out_of_our_own_networks(address: str, allowed: bool) -> None:
    assert Networks().allow(address) is allowed


def test_a_network_that_is_named_is_allowed_and_no_other() -> None:
    networks = Networks(["10.1.0.0/16", "fd00::/8"])
    assert networks.allow("10.1.2.3")
    assert networks.allow("fd12::1")
    assert not networks.allow("10.2.0.1")


@given(st.ip_addresses())
def test_every_address_has_an_answer(address: Any) -> None:
    assert Networks().allow(str(address)) in (True, False)
    assert Networks(["0.0.0.0/0", "::/0"]).allow(str(ip_address(address)))


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("word", list(Word))
def test_every_word_is_said_in_both_languages(word: Word, language: Language) -> None:
    text = plain(word, language, "429 slow down", (2, 3))
    assert "429 slow down" in text
    assert "2/3" in text
    assert (plain(word, "de") == plain(word, "en")) is False
