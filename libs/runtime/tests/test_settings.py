"""What is not set, and what may not be empty."""

import pytest

from lotse.runtime.errors import SettingsError
from lotse.runtime.settings import RuntimeSettings, secret


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("LOTSE_KAFKA", "localhost:9092")
    monkeypatch.setenv("LOTSE_POSTGRES", "postgresql://localhost/lotse")
    monkeypatch.setenv("LOTSE_CONFIG", "lotse.yaml")
    return monkeypatch


def test_an_empty_token_opens_nothing(environment: pytest.MonkeyPatch):
    """`LOTSE_SERVICE_TOKEN=` would otherwise let in whoever shows no token."""
    environment.setenv("LOTSE_SERVICE_TOKEN", "")
    assert RuntimeSettings.read().service_token is None


def test_an_empty_variable_that_is_needed_is_named(environment: pytest.MonkeyPatch):
    environment.setenv("LOTSE_KAFKA", "")
    with pytest.raises(SettingsError, match="LOTSE_KAFKA: Field required"):
        RuntimeSettings.read()


@pytest.mark.parametrize(("content", "word"), [(b"", "empty"), (b" \n", "empty"), (b"\xff\xfe", "UTF-8")])
def test_a_secret_that_nobody_wrote_is_refused(tmp_path, content: bytes, word: str):
    """With an empty secret anybody could sign a webhook."""
    path = tmp_path / "secret"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=word):
        secret(f"file:{path}")


def test_a_secret_is_read_without_the_line_end_of_its_file(tmp_path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "secret").write_text("hush\n")
    monkeypatch.setenv("HUSH", "hush")
    assert secret(f"file:{tmp_path}/secret").get_secret_value() == secret("env:HUSH").get_secret_value() == "hush"
    monkeypatch.setenv("HUSH", "")
    with pytest.raises(SettingsError, match="HUSH"):
        secret("env:HUSH")
