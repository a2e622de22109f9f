"""The Secrets to begin with: one for each that manifests name, made up anew, with no more than a service reads."""

from pathlib import Path

import pytest
from deploy import secrets
from deploy.checks import GIVEN_SECRETS
from deploy.node import Node
from deploy.schemas import Schemas

from lotse.contracts.config_file import load

ROOT = Path(__file__).resolve().parents[2]
CONFIG = load((ROOT / "config" / "lotse.yaml").read_text(encoding="utf-8"), "lotse.yaml")


def made() -> dict[str, dict[str, str]]:
    found = [Node(one) for one in secrets.manifests(CONFIG, "postgres:5432/lotse")]
    return {one.at("metadata", "name").text: one["stringData"].texts for one in found}


def test_every_secret_that_manifests_name_is_made_but_those_of_strimzi() -> None:
    assert made().keys() == GIVEN_SECRETS - {"lotse-cluster-ca-cert"}


def test_a_service_gets_what_it_reads_and_nothing_of_others() -> None:
    found = made()
    assert set(found["lotse-router-env"]) == {"LOTSE_POSTGRES", "LOTSE_SERVICE_TOKEN"}
    assert "LOTSE_JWT_SECRET" in found["lotse-desk-env"]
    assert not {"LOTSE_JWT_SECRET", "LOTSE_META_APP_SECRET"} & set(found["lotse-notifier-env"])
    assert all(value for data in found.values() for value in data.values())


def test_what_two_services_share_is_the_same_and_two_installations_share_nothing() -> None:
    one, other = made(), made()
    name = "LOTSE_META_ACCESS_TOKEN"
    assert one["lotse-ingest-env"][name] == one["lotse-notifier-env"][name]
    values = [{value for data in found.values() for value in data.values()} for found in (one, other)]
    assert not values[0] & values[1]


def test_a_role_in_a_url_has_the_password_that_the_database_is_given() -> None:
    found = made()
    password = found["lotse-postgres"]["LOTSE_ROLE_SLA"]
    assert found["lotse-sla-env"]["LOTSE_POSTGRES"] == f"postgresql://lotse_sla:{password}@postgres:5432/lotse"


def test_a_value_that_is_set_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOTSE_META_APP_SECRET", "from the provider")
    assert made()["lotse-ingest-env"]["LOTSE_META_APP_SECRET"] == "from the provider"


def test_the_secrets_are_valid(schemas: Schemas) -> None:
    found = secrets.manifests(CONFIG, "postgres:5432/lotse")
    assert [word for one in found for word in schemas.mistakes(Node(one))] == []
