"""Which secrets each service is given, and Secrets to begin with: `python -m deploy.secrets | kubectl apply -f -`.

Values come from the variables of the same name where they are set, else they are made up; provider's keys must come
from the provider. Nothing is written to the tree.
"""

import argparse
import base64
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from deploy.access import SERVICES
from lotse.contracts.config import ApiAccount, Config, MailAccount, MetaAccount
from lotse.contracts.config_file import load

_COMMON = ("LOTSE_POSTGRES", "LOTSE_SERVICE_TOKEN")
_OWN: Mapping[str, tuple[str, ...]] = {"desk": ("LOTSE_JWT_SECRET",)}
"""Beside those of all and what the operator's file refers to."""


def needs(config: Config) -> dict[str, tuple[str, ...]]:
    """Variables in each service's Secret `lotse-<service>-env`."""
    referred = {"ingest": _of_ingest(config), "notifier": _of_notifier(config)}
    return {
        service: (
            *_COMMON,
            *_OWN.get(service, ()),
            *sorted({ref.removeprefix("env:") for ref in referred.get(service, ()) if ref.startswith("env:")}),
        )
        for service in SERVICES
    }


def _of_ingest(config: Config) -> Iterator[str]:
    """What checks callers, and fetches the media they name."""
    for account in config.accounts.values():
        match account:
            case MetaAccount():
                yield from (account.app_secret, account.verify_token, account.access_token)
            case MailAccount() | ApiAccount():
                yield account.token


def _of_notifier(config: Config) -> Iterator[str]:
    """What opens the way out."""
    yield from (alert.secret for alert in config.alerts.values())
    for account in config.accounts.values():
        match account:
            case MetaAccount():
                yield account.access_token
            case MailAccount() if account.smtp.password:
                yield account.smtp.password
            case ApiAccount() if account.reply_secret:
                yield account.reply_secret
            case _:
                pass


def manifests(config: Config, database: str) -> list[dict[str, object]]:
    """A Secret for each service, and one for PostgreSQL's administrator. `database`: host:port/name."""
    wanted = needs(config)
    known: dict[str, str] = {}
    for name in sorted({name for names in wanted.values() for name in names} - {"LOTSE_POSTGRES"}):
        known[name] = os.environ.get(name) or _made_up(name)
    roles = {service: os.environ.get(_role(service)) or secrets.token_hex(24) for service in SERVICES}
    admin = {
        "POSTGRES_PASSWORD": os.environ.get("POSTGRES_PASSWORD") or secrets.token_hex(24),
        **{_role(service): password for service, password in roles.items()},
    }
    return [
        *(
            _secret(
                f"lotse-{service}-env",
                {
                    name: f"postgresql://lotse_{service}:{roles[service]}@{database}"
                    if name == "LOTSE_POSTGRES"
                    else known[name]
                    for name in names
                },
            )
            for service, names in wanted.items()
        ),
        _secret("lotse-postgres", admin),
    ]


def _role(service: str) -> str:
    return f"LOTSE_ROLE_{service.upper()}"


def _made_up(name: str) -> str:
    """Alerts are signed as Standard Webhooks says, with `whsec_` and base64."""
    if "ALERT" in name or "REPLY" in name:
        return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    return secrets.token_hex(24)


def _secret(name: str, data: Mapping[str, str]) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "lotse"}},
        "stringData": dict(data),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.secrets", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("config/lotse.yaml"))
    parser.add_argument("--database", default="postgres:5432/lotse", help="host:port/name of the database")
    asked = parser.parse_args()
    config = load(asked.config.read_text(encoding="utf-8"), str(asked.config))
    yaml.safe_dump_all(manifests(config, asked.database), sys.stdout, sort_keys=False)


if __name__ == "__main__":
    main()
