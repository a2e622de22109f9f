import re
import string
from timeit import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotse.contracts.pii import MAX_SCANNED, Kind, checked_pattern, scan
from lotse.contracts.testing import LINEAR, growth


def found(text: str, **hints) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in scan(text, **hints)]


HITS = [
    ("Schreiben Sie an max.muster@example.de.", "email", "max.muster@example.de"),
    ("mail: <erika+shop@mail.example.co.uk>", "email", "erika+shop@mail.example.co.uk"),
    ("'max@example.de'", "email", "max@example.de"),
    ("jörg.müller@müller-gmbh.de schrieb", "email", "jörg.müller@müller-gmbh.de"),
    ("Tel. 0171 1234567", "phone", "0171 1234567"),
    ("Tel.: +49 (0)30 901820, Mo-Fr", "phone", "+49 (0)30 901820"),
    ("(030) 901820", "phone", "(030) 901820"),
    ("030/901820", "phone", "030/901820"),
    ("0 30 / 90 18 20", "phone", "0 30 / 90 18 20"),
    ("0049 171 1234567", "phone", "0049 171 1234567"),
    ("+43 1 58858-0 in Wien", "phone", "+43 1 58858-0"),
    ("Handy:01711234567", "phone", "01711234567"),
    ("DE89370400440532013000", "iban", "DE89370400440532013000"),
    ("IBAN: de89 3704 0044 0532 0130 00, danke", "iban", "de89 3704 0044 0532 0130 00"),
    (
        "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000",
        "iban",
        "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000",
    ),
    ("meineIBANistDE89370400440532013000", "iban", "DE89370400440532013000"),
    ("GB82 WEST 1234 5698 7654 32", "iban", "GB82 WEST 1234 5698 7654 32"),
    ("Karte 4111 1111 1111 1111", "card", "4111 1111 1111 1111"),
    ("4111-1111-1111-1111", "card", "4111-1111-1111-1111"),
    ("5555555555554444", "card", "5555555555554444"),
    ("Amex 3782 822463 10005", "card", "3782 822463 10005"),
    ("2223 0031 2200 3222", "card", "2223 0031 2200 3222"),
    ("4111 1111 1111 1111 123 12/27", "card", "4111 1111 1111 1111"),
    ("12 4111 1111 1111 1111", "card", "4111 1111 1111 1111"),
    ("4222222222222", "card", "4222222222222"),
    ("Steuer-ID 86095742719", "tax-id", "86095742719"),
    ("86 095 742 719", "tax-id", "86 095 742 719"),
    ("Meine Kundennummer 12345 lautet", "customer-number", "12345"),
    ("Kunden-Nr.: K-4711/A.", "customer-number", "K-4711/A"),
    ("Kd.-Nr. 4711", "customer-number", "4711"),
    ("customer number is 998-77", "customer-number", "998-77"),
    ("Vertragsnummer: 100 200 300", "customer-number", "100 200 300"),
    ("order no. 123", "order-number", "123"),
    ("Order #99887 still missing", "order-number", "99887"),
    ("Bestellnr. 4711-22", "order-number", "4711-22"),
    ("Ihre Bestellung 123456", "order-number", "123456"),
    ("Bestellung Nr. 77123", "order-number", "77123"),
    ("Hauptstraße 5", "address", "Hauptstraße 5"),
    ("ich wohne in der Hauptstr. 12a, 80331 München.", "address", "Hauptstr. 12a, 80331 München"),
    ("Berliner Straße 12", "address", "Berliner Straße 12"),
    ("Konrad-Adenauer-Allee 1", "address", "Konrad-Adenauer-Allee 1"),
    ("Unter den Linden 77, 10117 Berlin", "address", "Unter den Linden 77, 10117 Berlin"),
    ("Am Markt 3\n04109 Leipzig", "address", "Am Markt 3\n04109 Leipzig"),
    ("Lindenweg 4, D-50667 Köln", "address", "Lindenweg 4, D-50667 Köln"),
    ("at 12 Main Street", "address", "12 Main Street"),
    ("221B Baker Street, London NW1 6XE", "address", "221B Baker Street, London NW1 6XE"),
    ("350 Fifth Ave, New York, NY 10118", "address", "350 Fifth Ave, New York, NY 10118"),
]


@pytest.mark.parametrize(("text", "kind", "part"), HITS)
def test_personal_data_is_found_where_it_stands(text, kind, part):
    assert found(text) == [(kind, part)]


@pytest.mark.parametrize(
    "text",
    [
        "am 03.04.2023 um 14 Uhr",
        "vom 03.04. - 05.06.2023",
        "03.04.2023 09.30",
        "03/04/2023, 03-04-2023",
        "2023-04-03T08:00:00Z",
        "01/2024 bis 05/2024",
        "geöffnet 08.00-16.00 Uhr, 0800-1600 Uhr und 08:00-16:00",
        "in 30 Minuten um 12:30 Uhr für 49,99 €",
        "1.234.567,89 Euro statt 1.999,00",
        "0,99 € bis 0.999999",
        "100 000 000 Euro",
        "Betrag: 4.111.111.111.111.112 Euro",
        "EAN 4006381333931",
        "Sendung 00340434161094042557",
        "Karte 4111 1111 1111 1112",
        "1111111111111117",
        "4111 1111-1111 1111",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        "DE88370400440532013000",
        "XX89370400440532013000",
        "it 27 people are waiting for you here today ok",
        "86095742718",
        "12345678903",
        "11223456785",
        "@firma und hallo@firma haben geschrieben",
        "5 @ 3",
        "Die Kundennummer bitte 1 mal nennen",
        "Meine Bestellung vom 12.03. fehlt",
        "In der Straße 5 ist Stau",
        "auf der Landstraße 50 km/h",
        "Hauptstraße 3,5 km",
        "Das Parkhaus hat 3, 12345 Leute kamen",
        "2 Termine Dr. Huber",
        "3 Kirchen St. Martin",
        "Nr. 5, Teil 12",
        "Version 10.15.7.2023",
        "ISBN 978-3-16-148410-0",
        "²³⁴ ٣٤٥ ①②③",
        "",
    ],
)
def test_dates_prices_times_and_goods_are_nobody_s_data(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("region", "text", "part"),
    [
        ("US", "call (415) 555-2671 now", "(415) 555-2671"),
        ("FR", "appelez 01.23.45.67.89", "01.23.45.67.89"),
        ("at", "unter 01 58858 erreichbar", "01 58858"),
        ("ZZ", "+49 30 901820", "+49 30 901820"),
    ],
)
def test_the_region_tells_what_a_national_number_looks_like(region, text, part):
    assert found(text, region=region) == [("phone", part)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Mobil: 0171\u202f1234567", "phone"),
        ("Mobil: 0171\u20111234567", "phone"),
        ("Mobil: ０１７１ １２３４５６７", "phone"),
        ("Mobil: ٠١٧١ ١٢٣٤٥٦٧", "phone"),
        ("Konto DE89\u202f3704\u202f0044\u202f0532\u202f0130\u202f00", "iban"),
        ("Konto DE89\u20073704\u00a00044 0532\u202f0130\u202f00", "iban"),
        ("Konto DE89 3704\u200b 0044 0532\u00ad 0130 00", "iban"),
        ("Karte 4111\u202f1111\u202f1111\u202f1111", "card"),
        ("Karte 4111\u00a01111 1111\u202f1111", "card"),
        ("max\u200b@exam\u00adple.org", "email"),
        ("max＠example.org", "email"),
    ],
)
def test_typesetting_hides_nothing_and_moves_no_span(text, kind):
    (span,) = scan(f"😀 {text}\u200b, danke")
    found = f"😀 {text}\u200b, danke"[span.start : span.end]
    assert (span.kind, found) == (kind, text.removeprefix("Mobil: ").removeprefix("Konto ").removeprefix("Karte "))


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        ("Ruft mich an: 0171\n1234567!", "phone", "0171\n1234567"),
        ("Ruft mich an: +49 171 \r\n  1234567!", "phone", "+49 171 \r\n  1234567"),
        ("Konto DE89 3704 0044\n0532 0130 00, bitte", "iban", "DE89 3704 0044\n0532 0130 00"),
        ("Account GB82 WEST\n1234 5698 7654 32", "iban", "GB82 WEST\n1234 5698 7654 32"),
        ("Karte 4111 1111 1111\n1111 bis 12/27", "card", "4111 1111 1111\n1111"),
        ("Mobil: 0171\u202f\n1234567, max\u200b\n", "phone", "0171\u202f\n1234567"),
    ],
)
def test_the_end_of_a_line_hides_no_number(text, kind, part):
    assert found(text) == [(kind, part)]


@pytest.mark.parametrize(
    "text",
    [
        "Größe 0815\n\n4711 Stück",
        "Ihre Termine:\n01.02.2026\n03.04.2026\n05.06.2026",
        "Geöffnet\n09:00\n10:30\n0900 - 1800",
        "4012\n8888\n8888\n1881",
        "Pos. 1\n2\n3\nzusammen 1234",
    ],
)
def test_numbers_below_each_other_are_not_one(text):
    assert found(text) == []


def test_numbers_on_lines_of_their_own_are_each_one():
    assert found("030 1234567\n0171 2345678\n") == [("phone", "030 1234567"), ("phone", "0171 2345678")]


def test_two_numbers_with_a_slash_between_are_two():
    assert found("0171-1234567/0172-7654321") == [("phone", "0171-1234567"), ("phone", "0172-7654321")]


def test_everything_in_one_text_is_found_in_order():
    text = "Max, max@example.de, 0171 1234567, DE89 3704 0044 0532 0130 00, Hauptstraße 5, Kundennummer 4711"
    assert [kind for kind, _ in found(text)] == ["email", "phone", "iban", "address", "customer-number"]


def test_of_two_readings_of_the_same_characters_the_label_decides():
    assert found("Kundennummer 0301234567") == [("customer-number", "0301234567")]
    assert found("Kundennummer DE89370400440532013000") == [("iban", "DE89370400440532013000")]


def test_of_spans_that_overlap_the_longest_is_reported():
    text = "Kundennummer K-12345 Nord"
    assert found(text) == [("customer-number", "K-12345")]
    assert found(text, patterns={"contract": r"K-\d+ \w+"}) == [("contract", "K-12345 Nord")]


def test_an_operator_s_pattern_gives_the_group_it_names():
    patterns = {"meter-number": r"Zähler (?P<number>\w+)", "code-word": r"Kennwort (\w+)", "ticket": r"T-\d+"}
    text = "Zähler AB12 Kennwort Rose T-1234"
    assert found(text, patterns=patterns) == [("meter-number", "AB12"), ("code-word", "Rose"), ("ticket", "T-1234")]


def test_an_operator_s_pattern_works_without_digits_and_yields_to_verified_kinds():
    assert found("Kennwort Rose", patterns={"code-word": r"(?<=Kennwort )\w+"}) == [("code-word", "Rose")]
    assert found("DE89370400440532013000", patterns={"any": r"\w+"}) == [("iban", "DE89370400440532013000")]


def test_a_group_that_took_no_part_is_no_span():
    assert found("abc", patterns={"x": r"abc(?P<number>\d+)?"}) == []


@pytest.mark.parametrize("regex", ["(", "a*", "[z-a]", ""])
def test_a_pattern_that_cannot_work_is_refused(regex):
    with pytest.raises(ValueError, match=re.escape(repr(regex))):
        checked_pattern(regex)
    assert checked_pattern(r"K-\d+") == r"K-\d+"


def test_what_stands_behind_the_scanned_part_is_not_looked_at():
    near, far = "x" * (MAX_SCANNED - 20) + " a@example.de", "x" * MAX_SCANNED + " a@example.de"
    assert len(scan(near)) == 1
    assert scan(far) == ()


# Laws


def iban(country: str, account: str) -> str:
    check = 98 - int("".join(str(int(char, 36)) for char in f"{account}{country}00")) % 97
    return f"{country}{check:02}{account}"


def digits(size: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=size, max_size=size)


ibans = st.one_of(
    digits(18).map(lambda account: iban("DE", account)),
    digits(16).map(lambda account: iban("AT", account)),
    st.tuples(st.sampled_from(["DEUT", "INGB"]), digits(10)).map(lambda parts: iban("NL", "".join(parts))),
    st.tuples(st.sampled_from("ABZ"), digits(22)).map(lambda parts: iban("IT", "".join(parts))),
)
prose = st.text(string.ascii_letters + "äöüß .,;!?()\n€😀", max_size=120)


@given(prose, ibans, prose, st.booleans())
def test_a_valid_iban_is_found_wherever_it_is_put(before, account, after, spaced):
    shown = " ".join(re.findall(".{1,4}", account)) if spaced else account
    text = f"{before} {shown} {after}"
    start = len(before) + 1
    assert ("iban", start, start + len(shown)) in {(s.kind, s.start, s.end) for s in scan(text)}


@given(digits(18), st.integers(4, 21), st.integers(1, 9))
def test_one_wrong_digit_makes_no_iban(account, place, shift):
    valid = iban("DE", account)
    wrong = valid[:place] + str((int(valid[place]) + shift) % 10) + valid[place + 1 :]
    assert all(span.kind != Kind.IBAN for span in scan(wrong))


def with_luhn(number: str) -> str:
    total = sum(sum(divmod(int(digit) * (2 - n % 2), 10)) for n, digit in enumerate(reversed(number)))
    return number + str(-total % 10)


@given(prose, st.integers(12, 18).flatmap(digits), prose, st.sampled_from(["", " ", "-"]))
def test_a_valid_card_is_found_wherever_it_is_put(before, number, after, separator):
    card = separator.join(re.findall(".{1,4}", with_luhn("4" + number[1:])))
    text = f"{before} {card} {after}"
    start = len(before) + 1
    assert any(s.start <= start and start + len(card) <= s.end for s in scan(text))


@given(digits(13), st.integers(1, 14), st.integers(1, 9))
def test_one_wrong_digit_makes_no_card(number, place, shift):
    valid = with_luhn("41" + number)
    wrong = valid[:place] + str((int(valid[place]) + shift) % 10) + valid[place + 1 :]
    assert all(span.kind != Kind.CARD for span in scan(wrong))


parts = st.sampled_from(
    [text for text, _, _ in HITS] + ["\n", " ", "-", "0", "DE89", "4111 ", "\ud800", "Kundennummer "]
)


@given(st.one_of(st.text(), st.lists(parts, max_size=8).map("".join)))
def test_any_text_gives_spans_in_order_apart_and_inside_it(text):
    spans = scan(text)
    edges = [edge for span in spans for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert scan(text) == spans


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "1",
        "1 ",
        "0 1",
        "111 ",
        "0171 1234567 ",
        "+49 ",
        "a@",
        "a@b.de ",
        "a@a.a.",
        "a.",
        "DE12",
        "DE89370400440532013000",
        "it27 a b ",
        "Straße 5 ",
        "A ",
        "5 Aa ",
        "x 5, 12345 Aa\n",
        "kunden-nr 12 345 345 ",
        "03.04.2023 ",
        "(0",
        "\n",
        "- ",
    ],
)
def test_a_text_made_to_be_slow_takes_time_by_its_length(unit):
    assert growth(lambda size: scan((unit * (size // len(unit) + 1))[:size]), 100_000) < LINEAR


def test_a_text_without_digits_and_at_costs_next_to_nothing():
    text = "Ich warte seit Tagen auf meine Lieferung, und niemand antwortet mir. Das ist wirklich schade! " * 2
    without, with_number = (
        min(repeat(lambda text=text: scan(text), number=100, repeat=10)) for text in (text, f"{text}0171 1234567")
    )
    assert without < with_number / 5


def test_of_two_lines_only_a_card_in_its_groups_is_one():
    assert found("Karte 4111 1111\n1111 1111, danke") == [("card", "4111 1111\n1111 1111")]
    assert found("Amex 3782 822463\n10005") == [("card", "3782 822463\n10005")]
    articles = (f"{41111111 + n}\n{11111111 + n}" for n in range(200))
    assert [text for text in articles if found(f"Ihre Artikel:\n{text}\nViele Grüße")] == []
