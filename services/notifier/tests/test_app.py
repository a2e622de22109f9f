"""The wiring, from settings and the operator's file."""

from pathlib import Path

import pytest
from notifier_world import config

from lotse.notifier import app
from lotse.notifier.core.rules import Rules
from lotse.notifier.sending import Sender
from lotse.notifier.settings import Settings
from lotse.runtime.clock import now
from lotse.runtime.errors import SettingsError

GOOD = """
accounts:
  shop: {kind: meta, app_secret: "env:T", verify_token: "env:T", access_token: "env:T", page_id: "1"}
alerts:
  team: {url: "https://team.example/hook", secret: "env:W"}
"""


def settings(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "lotse.yaml"
    file.write_text(text, encoding="utf-8")
    return Settings.model_validate({"kafka": "127.0.0.1:9", "postgres": "postgresql://x", "config": file})


def test_it_is_wired_from_the_operators_file(tmp_path: Path) -> None:
    service = app.service(settings(tmp_path, GOOD))
    assert {reads.topic.value for reads in service.folds[0].reads} == {"inbound", "conversations", "deadlines"}
    assert [effect.name for effect in service.effects] == ["send-meta", "send-mail", "send-webhook"]


@pytest.mark.parametrize("text", ["accounts: {shop: {kind: meta}}", "nonsense: 1", "a: ["])
def test_a_mistake_in_the_file_stops_the_start_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="LOTSE_CONFIG"):
        app.service(settings(tmp_path, text))


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    given = settings(tmp_path, GOOD)
    given.config.unlink()
    with pytest.raises(SettingsError, match="LOTSE_CONFIG"):
        app.service(given)


async def test_a_missing_secret_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("T", raising=False)
    sender = Sender(Rules(config()), now)
    with pytest.raises(SettingsError, match="T"):
        await sender.open()
    await sender.close()


async def test_a_network_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T", "t")
    monkeypatch.setenv("W", "whsec_AAAA")
    alert = {"url": "https://team.example", "secret": "env:W", "networks": ["10.0.0.0/99"]}
    sender = Sender(Rules(config(alerts={"team": alert})), now)
    with pytest.raises(SettingsError, match=r"alerts\.team"):
        await sender.open()
    await sender.close()
