"""docker-compose.yml fits the code and the files it mounts."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from deploy import code, secrets
from deploy.access import SERVICES
from deploy.compose import demo

from lotse.contracts.config import MailAccount, MetaAccount
from lotse.contracts.config_file import load

ROOT = Path(__file__).resolve().parents[2]
CONFIG = (ROOT / "config" / "lotse.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_given_its_settings_and_secrets_and_none_that_it_does_not_know(
    service: str, compose: dict[str, Any]
) -> None:
    given = compose[service]["environment"].keys()
    wanted = set(secrets.needs(load(CONFIG, "lotse.yaml"))[service])
    assert wanted <= given
    referred = {word for word in CONFIG.replace("\n", " ").split() if word.startswith("env:")}
    known = code.variables(code.settings_of(service)) | {word.removeprefix("env:") for word in referred}
    assert given <= known


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_waits_for_topics_roles_and_configuration(service: str, compose: dict[str, Any]) -> None:
    waits = compose[service]["depends_on"]
    assert waits.keys() == {"provision", "topics", "configure"}
    assert {one["condition"] for one in waits.values()} == {"service_completed_successfully"}


def test_a_service_starts_with_what_compose_gives_it(compose: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "lotse.yaml"
    file.write_text(CONFIG, encoding="utf-8")
    for service in SERVICES:
        environment = {key: plain(value) for key, value in compose[service]["environment"].items()}
        made = code.service_of(service, {**environment, "LOTSE_CONFIG": str(file)})
        assert made.name == service


def plain(value: str) -> str:
    """`${NAME:-default}` as it is where NAME is not set."""
    while "${" in value:
        before, _, rest = value.partition("${")
        inside, _, after = rest.partition("}")
        value = before + inside.partition("-")[2] + after
    return value


def test_modules_that_containers_run_are_there(compose: dict[str, Any]) -> None:
    modules = [words[words.index("-m") + 1] for one in compose.values() if "-m" in (words := one.get("command", []))]
    assert {"lotse.runtime.topics", "lotse.local.standin"} <= set(modules)
    assert all(code.is_module(module) for module in modules)


def test_every_file_that_is_mounted_is_in_the_tree(compose: dict[str, Any]) -> None:
    mounted = [volume.split(":")[0] for one in compose.values() for volume in one.get("volumes", ())]
    assert all((ROOT / place).exists() for place in mounted if place.startswith("."))


def test_everything_listens_on_this_machine_alone(compose: dict[str, Any]) -> None:
    ports = [port for one in compose.values() for port in one.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_prometheus_scrapes_every_service_under_its_name() -> None:
    text = (ROOT / "deploy" / "compose" / "prometheus.yaml").read_text(encoding="utf-8")
    (job,) = yaml.safe_load(text)["scrape_configs"]
    found = {one["labels"]["service"]: one["targets"] for one in job["static_configs"]}
    assert found == {service: [f"{service}:8080"] for service in SERVICES}


def test_both_stacks_run_the_kafka_that_tests_run(compose: dict[str, Any]) -> None:
    from lotse.local.kafka import kafka_version

    assert compose["kafka"]["image"] == f"apache/kafka:{kafka_version()}"
    overlay = yaml.safe_load((ROOT / "deploy/k8s/overlays/dev/kustomization.yaml").read_text(encoding="utf-8"))
    assert {"name": "apache/kafka", "newTag": kafka_version()} in overlay["images"]


def test_the_configuration_is_the_same_file_with_the_stand_in_for_the_providers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "GIVEN", ROOT / "config" / "lotse.yaml")
    monkeypatch.setenv("LOTSE_STANDIN", "standin")
    demo.configure(tmp_path / "played.yaml")
    monkeypatch.setenv("LOTSE_STANDIN", "")
    demo.configure(tmp_path / "real.yaml")
    played, real = (load((tmp_path / name).read_text(), name) for name in ("played.yaml", "real.yaml"))
    assert real == load(CONFIG, "lotse.yaml")
    assert played.model_copy(update={"accounts": real.accounts, "alerts": real.alerts}) == real
    hosts = {urlsplit(one.graph_url).hostname for one in played.accounts.values() if isinstance(one, MetaAccount)}
    assert hosts == {one.smtp.host for one in played.accounts.values() if isinstance(one, MailAccount)} == {"standin"}
