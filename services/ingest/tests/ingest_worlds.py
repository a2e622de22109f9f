"""Accounts, times and payloads that the tests share."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from lotse.contracts.channels import Channel
from lotse.contracts.config import ApiAccount, MailAccount, MetaAccount, Smtp
from lotse.contracts.ids import AccountId

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PAYLOADS = Path(__file__).parent / "payloads"
RECORDED = Path(__file__).resolve().parents[3].parent / "shared" / "fixtures"

META = AccountId("social")
META_CONFIG = MetaAccount(
    kind="meta", app_secret="env:APP_SECRET", verify_token="env:VERIFY_TOKEN", access_token="env:ACCESS_TOKEN"
)
MAIL = AccountId("mail")
MAIL_CONFIG = MailAccount(
    kind="mail",
    address="Service@lotse.example",
    token="env:MAIL_TOKEN",
    smtp=Smtp(host="localhost"),
    authserv_id="mx.lotse.example",
)
API = AccountId("letters")
API_CONFIG = ApiAccount(
    kind="api", token="env:API_TOKEN", channels=(Channel.LETTER, Channel.PHONE, Channel.IN_APP), verified=True
)


def own(name: str) -> bytes:
    """One of this project's own samples."""
    return (PAYLOADS / name).read_bytes()


def recorded() -> Iterator[tuple[str, JsonValue]]:
    """Every webhook of the recorded payloads by name; a file may hold several under names of their own."""
    for path in sorted(RECORDED.glob("*/**/*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        if "entry" in document:
            yield path.stem, document
        else:
            yield from ((f"{path.stem}/{name}", webhook) for name, webhook in document.items())
