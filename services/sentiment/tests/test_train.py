from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lotse.sentiment.core import model_from_bytes, model_to_bytes, read
from lotse.sentiment.core.model import ModelError, Parts, model_from_parts, parts_from_bytes
from lotse.sentiment.corpus import Labelled, LabelsError, phrasings, read_labels, split
from lotse.sentiment.measure import measure
from lotse.sentiment.shipped import shipped_labels, shipped_model
from lotse.sentiment.train import SEED, labels_of, main, train

SHIPPED = Path(str(shipped_labels()[0])).parents[1] / "models" / "lotse.npz"
GERMEVAL = Path(__file__).resolve().parents[3] / ".." / "shared" / "fixtures" / "germeval2017" / "dev.tsv"

FEW = """text\tlanguage\tsentiment\ttriage\tsituation
Alles bestens, danke!\tde\tpositive\tpraise\tcompliment
Super Service\tde\tpositive\tpraise\tcompliment
Das ist schlecht\tde\tnegative\tservice\tcomplaint
Wieder kaputt\tde\tnegative\tservice\tcomplaint
Wo ist die Filiale?\tde\tneutral\tservice\tquestion
Wann kommt die Ware?\tde\tneutral\tservice\tquestion
Was kostet das?\tde\tneutral\tlead\tquote_request
Great shop\ten\tpositive\tpraise\tcompliment
Very bad\ten\tnegative\tservice\tcomplaint
Where is it?\ten\tneutral\tservice\tquestion
How much is it?\ten\tneutral\tlead\tquote_request
Où est mon colis\tund\t\t\t
"""


@pytest.fixture(scope="module")
def trained() -> Parts:
    return train(labels_of(["shipped"]), SEED)


def test_the_shipped_model_is_what_the_trainer_makes_of_the_shipped_messages(trained: Parts) -> None:
    shipped = parts_from_bytes(SHIPPED.read_bytes())
    assert trained.lexicons == shipped.lexicons
    assert trained.limits == shipped.limits
    for name in ("rows", "dense", "bias", "language_rows", "language_bias"):
        made, stored = (np.asarray(getattr(parts, name), dtype=np.float64) for parts in (trained, shipped))
        np.testing.assert_allclose(made, stored, atol=0.02 * max(1.0, float(np.abs(stored).max())), err_msg=name)


def test_the_shipped_model_is_small() -> None:
    assert SHIPPED.stat().st_size < 2_000_000


def test_a_model_survives_its_file(trained: Parts) -> None:
    content = model_to_bytes(trained)
    model = model_from_bytes(content)
    assert model_to_bytes(parts_from_bytes(content)) == content
    assert model.version == model_from_parts(trained).version
    assert read("Nicht schlecht!", model) == read("Nicht schlecht!", model_from_parts(trained))


def test_another_weight_list_or_limit_is_another_version(trained: Parts) -> None:
    changed = trained.bias.copy()
    changed[0] += 0.001
    versions = {
        model_from_parts(parts).version
        for parts in (
            trained,
            replace(trained, bias=changed),
            replace(trained, lexicons={**trained.lexicons, "de": trained.lexicons["de"] + "\nknorke"}),
            replace(trained, limits=replace(trained.limits, spam=0.999)),
        )
    }
    assert len(versions) == 4


def test_messages_that_the_model_has_not_seen_are_read_well() -> None:
    learning, checking = split(labels_of(["shipped"]), 0.2, SEED)
    assert not {m.group for m in learning} & {m.group for m in checking}
    report = measure(checking, model_from_parts(train(learning, SEED)))
    assert report.heads["sentiment"].macro > 0.75
    assert report.heads["sentiment"].decided > 0.84
    assert report.heads["triage"].macro > 0.70
    assert report.heads["situation"].macro > 0.70
    assert report.heads["language"].micro > 0.97
    precision = report.heads["triage"].precision("spam")
    assert precision is not None
    assert precision > 0.97


def test_german_posts_about_the_railway_are_read_better_than_by_chance() -> None:
    if not GERMEVAL.exists():
        pytest.skip("shared/fixtures/germeval2017/dev.tsv is absent")
    rows = [line.split("\t") for line in GERMEVAL.read_text(encoding="utf-8").splitlines()]
    labels = ("positive", "neutral", "negative")
    posts = [Labelled(row[1], "", row[3], "", "", None, "") for row in rows if len(row) > 3 and row[3] in labels]
    score = measure(posts, shipped_model()).heads["sentiment"]
    assert score.total > 2500
    assert score.macro > 1 / 3
    assert score.decided > 0.5


def test_an_operators_own_file_trains_a_model_by_one_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels, model = tmp_path / "labels.tsv", tmp_path / "own.npz"
    labels.write_text(FEW + FEW.partition("\n")[2], encoding="utf-8")
    assert main(["--data", str(labels), "--out", str(model), "--held-out", "0.2"]) == 0
    printed = capsys.readouterr().out
    assert "sentiment: micro F1" in printed
    assert "macro F1" in printed
    assert "precision of spam" in printed
    version = model_from_bytes(model.read_bytes()).version
    assert version in printed
    assert main(["--measure", str(labels), "--model", str(model)]) == 0
    assert version in capsys.readouterr().out


def test_training_twice_gives_the_same_model(tmp_path: Path) -> None:
    path = tmp_path / "labels.tsv"
    path.write_text(FEW + FEW.partition("\n")[2], encoding="utf-8")
    first, second = (model_to_bytes(train(read_labels(path), 3)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("content", "line", "remedy"),
    [
        ("", 1, "has no column `text`"),
        ("message\tsentiment\nhallo\tneutral\n", 1, "has no column `text`"),
        ("text\tsentiment\nhallo\tneutral\nhallo\tgood\n", 3, "use one of negative, neutral, positive"),
        ("text\tsentiment\nhallo\n", 2, "has 1 columns instead of 2"),
        ("text\ttriage\n\tspam\n", 2, "has no text"),
        ("text\ttopics\nhallo\tweather\n", 2, "topic `weather` is unknown"),
        ("text\tlanguage\nbonjour\tfr\n", 2, "use one of de, en, und"),
    ],
)
def test_a_bad_file_is_refused_with_line_and_remedy(tmp_path: Path, content: str, line: int, remedy: str) -> None:
    path = tmp_path / "labels.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(LabelsError) as refused:
        read_labels(path)
    assert refused.value.line == line
    assert remedy in str(refused.value)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes("text,sentiment\nschön,positive\n".encode("latin-1"))
    with pytest.raises(LabelsError, match="save it as UTF-8"):
        read_labels(path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--data", "{labels}", "--held-out", "2"], "--held-out must lie between"),
        (["--data", "{missing}"], "No such file"),
        (["--data", "{labels}"], "too few labelled messages"),
        (["--measure", "{labels}", "--model", "{labels}"], "this is no model file"),
    ],
)
def test_the_command_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    labels = tmp_path / "labels.tsv"
    labels.write_text("text\tsentiment\nhallo\tneutral\ntag\tneutral\n", encoding="utf-8")
    places = {"labels": labels, "missing": tmp_path / "missing.tsv"}
    assert main([argument.format(**places) for argument in arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_model_of_another_release_is_refused(trained: Parts) -> None:
    with pytest.raises(ModelError, match="train it again"):
        model_from_parts(replace(trained, rows=trained.rows[:-1]))


def test_a_template_stands_for_some_of_its_phrasings_always_the_same() -> None:
    assert phrasings("{Danke|Merci}, {gut|super}{!|}") == phrasings("{Danke|Merci}, {gut|super}{!|}")
    assert len(phrasings("{Danke|Merci}, {gut|super}{!|}")) == 6
    assert phrasings("Danke") == ["Danke"]
    assert phrasings("{a|a}") == ["a"]


def test_csv_with_commas_in_quotes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text('text,sentiment,topics\n"Gut, danke",positive,delivery; price\n', encoding="utf-8")
    [message] = read_labels(path)
    assert (message.text, message.sentiment, message.topics) == ("Gut, danke", "positive", {"delivery", "price"})
