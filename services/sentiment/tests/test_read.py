from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotse.contracts.testing import LINEAR, growth
from lotse.contracts.values import Reading
from lotse.sentiment.core import Model, read
from lotse.sentiment.core.lexicon import LexiconError, parse_lexicon
from lotse.sentiment.shipped import shipped_model

MODEL = shipped_model()


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("Nicht schlecht!", "positive"),
        ("Gar nicht schlecht, muss ich sagen.", "positive"),
        ("Das ist schlecht.", "negative"),
        ("Das ist gut.", "positive"),
        ("Das ist nicht gut.", "negative"),
        ("Gefällt mir überhaupt nicht.", "negative"),
        ("gefaellt mir sehr", "positive"),
        ("Das Essen war gut, aber der Service schrecklich.", "negative"),
        ("Es war nicht billig, aber sehr gut.", "positive"),
        ("Na super, schon wieder Verspätung", "negative"),
        ("Kein Problem mit dem Umtausch, sehr angenehm!", "positive"),
        ("danke!", "positive"),
        ("Mein Kundenberater war ausgesprochen hilfsbereit und kompetent.", "positive"),
        ("Seit Tagen vertröstet ihr mich, das ist eine Frechheit.", "negative"),
        ("Wann öffnet die Filiale in Jena?", "neutral"),
        ("Not bad at all!", "positive"),
        ("I don't like it.", "negative"),
        ("Your train was late again, awful.", "negative"),
        ("Lovely staff, I would come back.", "positive"),
        ("Where can I find the invoice?", "neutral"),
        ("👍👍", "positive"),
        ("😡😡", "negative"),
    ],
)
def test_a_message_reads_as_a_person_would_read_it(text: str, sentiment: str) -> None:
    assert read(text, MODEL).sentiment == sentiment


@pytest.mark.parametrize(
    ("text", "triage", "situation"),
    [
        ("Der Akku ist explodiert und mein Sohn ist verletzt!", "service", "crisis"),
        ("Ich sehe in der App die Daten anderer Kunden!", "service", "crisis"),
        ("The kettle caught fire, my husband is in hospital!", "service", "crisis"),
        ("Wo ist mein Paket?", "service", "question"),
        ("???", "service", "question"),
        ("How do I reset my password?", "service", "question"),
        ("Zum dritten Mal die falsche Rechnung, ich bin stinksauer.", "service", "complaint"),
        ("Stimmt es, dass ihr pleite seid?", "service", "untruth"),
        ("Is it true that you are going bankrupt?", "service", "untruth"),
        ("Ein großes Lob an Ihren freundlichen Fahrer!", "praise", "compliment"),
        ("Was kostet ein Satz Winterreifen für meinen Kombi?", "lead", "quote_request"),
        ("Please send us a quote for 40 office desks.", "lead", "quote_request"),
        ("Online-Casino: 300 Freispiele ohne Einzahlung, hier klicken http://c.example", "spam", None),
        ("Make money with bitcoin, guaranteed profit, join the telegram group", "spam", None),
        ("Guten Tag", "service", None),
    ],
)
def test_a_message_goes_where_it_belongs(text: str, triage: str, situation: str | None) -> None:
    reading = read(text, MODEL)
    assert (reading.triage, reading.situation) == (triage, situation)


@pytest.mark.parametrize(
    "text",
    [
        "Ich habe beim Gewinnspiel mitgemacht, wann erfahre ich das Ergebnis?",
        "Ihr Link http://shop.example/rueckgabe funktioniert nicht, bitte helfen Sie mir.",
        "Ich möchte meinen Kredit ablösen, an wen wende ich mich?",
        "Jemand hat mit meiner Karte Bitcoin gekauft, bitte sperren Sie mein Konto sofort!",
        "I got a phishing mail in your name asking me to verify my account, is it real?",
        "Der Gutscheincode aus dem Newsletter wird nicht angenommen.",
        "Mein Konto wurde gesperrt, ich komme nicht mehr rein.",
        "I clicked the link in your email and the page is empty.",
        "Ich habe 500 Euro überwiesen, aber mein Guthaben ist noch leer.",
        "Can I use my gift card in the store?",
    ],
)
def test_a_customer_who_uses_the_words_of_spam_is_not_filed_as_spam(text: str) -> None:
    assert read(text, MODEL).triage not in ("spam", "noise")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ich habe noch eine Frage zu meiner Bestellung.", "de"),
        ("schoene gruesse aus muenchen, wann kommt das paket", "de"),
        ("I still have a question about my order.", "en"),
        ("Je voudrais savoir où se trouve mon colis.", "und"),
        ("¿Dónde está mi paquete? Llevo una semana esperando.", "und"),
        ("Где моя посылка?", "und"),
        ("我的包裹在哪里？", "und"),
    ],
)
def test_the_language_is_told(text: str, language: str) -> None:
    assert read(text, MODEL).language == language


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Wann kommt mein Paket?", "delivery"),
        ("Die Rechnungen stimmen nicht.", "billing"),
        ("My invoice is wrong.", "billing"),
        ("Der Regionalzug kam nicht.", "transport"),
        ("Ich kündige meinen Vertrag.", "contract"),
        ("I cannot log in to my account.", "account"),
    ],
)
def test_topics_are_found(text: str, topic: str) -> None:
    assert topic in read(text, MODEL).topics


@pytest.mark.parametrize(
    "word", ["gut", "toll", "schön", "hilfreich", "zufrieden", "freundlich", "zuverlässig", "super"]
)
def test_a_negated_good_word_reads_worse_than_the_word(word: str) -> None:
    assert read(f"Das ist nicht {word}.", MODEL).score < read(f"Das ist {word}.", MODEL).score


@pytest.mark.parametrize("word", ["schlecht", "unfreundlich", "katastrophal", "peinlich", "defekt", "mies", "teuer"])
def test_a_negated_bad_word_reads_better_than_the_word(word: str) -> None:
    assert read(f"Das ist nicht {word}.", MODEL).score > read(f"Das ist {word}.", MODEL).score


@pytest.mark.parametrize("word", ["good", "helpful", "happy", "great", "reliable"])
def test_negation_holds_in_english_too(word: str) -> None:
    assert read(f"This is not {word}.", MODEL).score < read(f"This is {word}.", MODEL).score


def test_negation_ends_with_its_clause() -> None:
    assert read("Ich habe nicht gewartet, der Service war hervorragend.", MODEL).reasons[0] == "hervorragend*"
    assert read("Nicht nur gut, sondern hervorragend!", MODEL).sentiment == "positive"


def test_reasons_are_words_of_the_list_and_never_what_the_customer_wrote() -> None:
    reading = read("Ich, Erika Beispiel, erika@beispiel.example, bin von Ihrem Service bitter enttäuscht!", MODEL)
    assert "enttäusch*" in reading.reasons
    assert not any("erika" in reason.lower() or "beispiel" in reason.lower() for reason in reading.reasons)


def test_a_request_for_a_price_is_a_lead() -> None:
    assert read("Bitte schicken Sie uns ein Angebot für 50 Stühle.", MODEL).lead
    assert not read("Wo ist mein Paket?", MODEL).lead


def test_on_a_direct_channel_fewer_messages_are_spam_or_noise() -> None:
    text = "Die Bahn erneuert ab März die Strecke zwischen Köln und Bonn."
    unsure_model = _with_limits(noise=1 - (1 - _noise_certainty(text)) * 1.5)
    assert read(text, unsure_model).triage == "noise"
    assert read(text, unsure_model, "webchat").triage == "service"


def _noise_certainty(text: str) -> float:
    low, high = 0.0, 1.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if read(text, _with_limits(noise=middle)).triage == "noise" else (low, middle)
    assert low > 0
    return low


def _with_limits(**limits: float) -> Model:
    return replace(MODEL, limits=replace(MODEL.limits, **limits))


def test_under_the_confidence_limit_a_message_stays_unsure() -> None:
    assert read("Das ist gut.", _with_limits(sentiment=1.01)).sentiment == "unsure"


@pytest.mark.parametrize("piece", ["schlecht ", "a", "\U0001f621", "ﷺ", "é", "http://x.example/ ", "@", "nicht gut, "])
def test_a_text_of_a_megabyte_ends_in_time_by_its_length_as_unsure(piece: str) -> None:
    assert growth(lambda size: read(piece * (size // len(piece)), MODEL), 250_000) < LINEAR
    assert read(piece * (1_000_000 // len(piece)), MODEL).sentiment == "unsure"


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "e" + "\u0301" * 500, "\u202e\u200d", "İ", "ß", "("])
def test_hostile_text_is_read_like_any_other(text: str) -> None:
    assert isinstance(read(text, MODEL), Reading)


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(codec=None), max_size=300))
def test_any_text_has_one_reading_and_raises_nothing(text: str) -> None:
    reading = read(text, MODEL)
    assert reading == read(text, shipped_model_again())
    assert -1 <= reading.score <= 1
    assert 0 <= reading.confidence <= 1
    assert reading.model_version == MODEL.version


SECOND = shipped_model()


def shipped_model_again() -> Model:
    return SECOND


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["nicht", "gut", "schlecht", "aber", ",", ".", "sehr", "nie", "kein", "not", "😡", "?"]))
)
def test_words_of_tone_in_any_order_are_read(words: list[str]) -> None:
    reading = read(" ".join(words), MODEL)
    assert reading == read("  ".join(words), MODEL)


def test_another_language_is_unsure_and_goes_to_an_agent() -> None:
    reading = read("Le train est encore en retard, c'est vraiment inadmissible et honteux.", MODEL)
    assert (reading.language, reading.sentiment, reading.triage) == ("und", "unsure", "service")


@pytest.mark.parametrize(
    ("text", "line"), [("gut\n", 1), ("[+2]\ngut\n[sign mood]\n", 3), ("# list\n[+7]\n", 2), ("[topic weather]", 1)]
)
def test_a_wrong_word_list_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(LexiconError) as refused:
        parse_lexicon(text)
    assert refused.value.line == line
