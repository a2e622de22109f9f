"""The whole of Lotse on one machine: engines, topics, schemas, the stand-in and the services' processes."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import cast
from urllib.parse import quote, urlsplit, urlunsplit

import httpx
import yaml

from lotse.contracts.config import Config
from lotse.contracts.config_file import load
from lotse.contracts.frozen import frozen
from lotse.local.engines import Engines, Places, engines, state_folder
from lotse.local.errors import LocalError, PrerequisiteMissing, last_lines
from lotse.local.process import free_ports, is_free, until
from lotse.local.secrets import SERVICES, local_secrets
from lotse.local.supervisor import Program, Supervisor
from lotse.runtime.postgres import connect
from lotse.runtime.topics import create_topics

Progress = Callable[[str], None]

DATABASE = "lotse"
_READY_WITHIN = timedelta(seconds=90)


@frozen
class Plan:
    """What to run and how. `replicas` names services that run more than once."""

    folder: Path = field(default_factory=state_folder)
    config: Path = Path("config/lotse.yaml")
    prefix: str = "lotse"
    database: str = DATABASE
    standin: bool = True
    echoes: bool = True
    sample_ratio: float = 1.0
    desk_port: int = 0
    ingest_port: int = 0
    replicas: Mapping[str, int] = field(default_factory=dict[str, int])
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    artefacts: Path | None = None

    @property
    def local_config(self) -> Path:
        """The operator's file as it is run here, with the stand-in's addresses."""
        return self.folder / f"{self.config.stem}.local.yaml"


@frozen
class Instance:
    """One process of a service and where it answers."""

    name: str
    service: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@frozen
class Stack:
    """What runs, for whoever plays, measures or breaks it."""

    plan: Plan
    engines: Engines
    supervisor: Supervisor
    instances: Sequence[Instance]
    secrets: Mapping[str, str]
    config: Config
    standin_url: str | None

    def urls(self, service: str) -> list[str]:
        return [instance.url for instance in self.instances if instance.service == service]

    @property
    def ingest(self) -> str:
        return self.urls("ingest")[0]

    @property
    def desk(self) -> str:
        return self.urls("desk")[0]

    @property
    def database_url(self) -> str:
        """A superuser's URL of the installation's database."""
        return urlunsplit(urlsplit(self.engines.postgres)._replace(path=f"/{self.plan.database}"))


@asynccontextmanager
async def running(plan: Plan, progress: Progress, given: Engines | None = None) -> AsyncGenerator[Stack]:
    """Everything up and ready for the length of the block, then stopped in order. Raises LocalError.

    Enter from the main thread. Raises ConfigError where the configuration cannot be used, before anything is started.
    """
    _check(plan)
    if given is not None:
        async with _services(plan, given, progress) as stack:
            yield stack
        return
    progress("Starting Kafka and PostgreSQL")
    async with (
        engines(Places(plan.folder / "data", plan.artefacts or state_folder() / "kafka"), progress) as started,
        _services(plan, started, progress) as stack,
    ):
        yield stack


@asynccontextmanager
async def _services(plan: Plan, started: Engines, progress: Progress) -> AsyncGenerator[Stack]:
    secrets = local_secrets(plan.folder)
    await create_topics(started.kafka, plan.prefix, single=True)
    await provision(started.postgres, plan.database, secrets)
    async with Supervisor(plan.folder / "logs", progress) as supervisor:
        ports = free_ports(plan.desk_port, plan.ingest_port)
        standin, smtp = (next(ports), next(ports)) if plan.standin else (None, None)
        path = _local_config(plan, standin, smtp)
        instances = _instances(plan, ports)
        base = _environment(plan, started, secrets, path) | _whereabouts(instances)
        if standin and smtp:
            ingest = next(i for i in instances if i.service == "ingest")
            supervisor.start(_standin(standin, smtp, ingest, base, plan))
        progress("Starting the services")
        for instance in instances:
            supervisor.start(_program(instance, plan, started, secrets, base))
        watching = asyncio.create_task(supervisor.watch())
        try:
            await _ready(instances, supervisor)
            yield Stack(
                plan,
                started,
                supervisor,
                instances,
                secrets,
                load(path.read_text(encoding="utf-8"), path.name),
                f"http://127.0.0.1:{standin}" if standin else None,
            )
        finally:
            watching.cancel()
            await _stop(supervisor, instances)


async def _stop(supervisor: Supervisor, instances: Sequence[Instance]) -> None:
    """First those that let work in, then those that do it; each group at the same time."""
    edges = [instance.name for instance in instances if instance.service in ("ingest", "desk")]
    inside = [instance.name for instance in instances if instance.name not in edges]
    for names in (edges, inside):
        await asyncio.gather(*(supervisor.stop(name) for name in names if name in supervisor.pids))


def _check(plan: Plan) -> None:
    """What can be known to be wrong before anything is started."""
    if not plan.config.exists():
        raise LocalError(f"{plan.config} is not there: name the configuration with --config")
    load(plan.config.read_text(encoding="utf-8"), str(plan.config))
    for service, port in (("desk", plan.desk_port), ("ingest", plan.ingest_port)):
        if port and not is_free(port):
            remedy = f"stop what holds it, or choose another with --{service}-port"
            raise PrerequisiteMissing(f"port {port} is taken: {remedy}")


def _instances(plan: Plan, ports: Iterator[int]) -> list[Instance]:
    wanted = {"desk": plan.desk_port, "ingest": plan.ingest_port}
    return [
        Instance(f"{service}-{number}", service, next(ports))
        if number > 1
        else Instance(service, service, wanted.get(service, 0) or next(ports))
        for service in ("router", "sla", "sentiment", "notifier", "desk", "ingest")
        for number in range(1, plan.replicas.get(service, 1) + 1)
    ]


def _addresses(instances: Sequence[Instance]) -> str:
    """Where each replica answers, as the desk's page of operations wants it told."""
    return ",".join(f"{instance.service}={instance.url}" for instance in instances)


def _environment(plan: Plan, started: Engines, secrets: Mapping[str, str], config: Path) -> dict[str, str]:
    return {
        **secrets,
        "LOTSE_KAFKA": started.kafka,
        "LOTSE_TOPIC_PREFIX": plan.prefix,
        "LOTSE_CONFIG": str(config),
        "LOTSE_SAMPLE_RATIO": str(plan.sample_ratio),
        "LOTSE_TRACES_DIR": str(plan.folder / "traces"),
        "LOTSE_SCRATCH": str(plan.folder / "scratch"),
        **plan.env,
    }


def _program(
    instance: Instance, plan: Plan, started: Engines, secrets: Mapping[str, str], base: Mapping[str, str]
) -> Program:
    url = role_url(started.postgres, plan.database, instance.service, secrets)
    return Program(
        instance.name,
        (sys.executable, "-m", f"lotse.{instance.service}"),
        {**base, "LOTSE_POSTGRES": url, "LOTSE_HTTP_PORT": str(instance.port)},
    )


def _whereabouts(instances: Sequence[Instance]) -> dict[str, str]:
    """How the desk is reached from a browser, and the others from the desk."""
    first = {instance.service: instance for instance in reversed(instances)}
    return {
        "LOTSE_CONSOLE_URL": first["desk"].url,
        "LOTSE_INGEST_URL": first["ingest"].url,
        "LOTSE_SERVICES": _addresses(instances),
    }


def _standin(port: int, smtp: int, ingest: Instance, base: Mapping[str, str], plan: Plan) -> Program:
    argv = [sys.executable, "-m", "lotse.local.standin", "--port", str(port), "--smtp-port", str(smtp)]
    argv += ["--ingest", ingest.url, *([] if plan.echoes else ["--silent"])]
    return Program("standin", tuple(argv), base)


def _local_config(plan: Plan, standin: int | None, smtp: int | None) -> Path:
    """The operator's file, with the stand-in in the providers' place where there is one."""
    text = plan.config.read_text(encoding="utf-8")
    if standin is not None and smtp is not None:
        text = towards_standin(text, "127.0.0.1", standin, smtp, ("127.0.0.0/8",))
    path = plan.local_config
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def towards_standin(text: str, host: str, port: int, smtp: int, networks: Sequence[str]) -> str:
    """The operator's file with the providers' addresses replaced by those of a stand-in within `networks` (CIDR)."""
    data = cast("dict[str, dict[str, dict[str, object]]]", yaml.safe_load(text))
    for account in data.get("accounts", {}).values():
        if account["kind"] == "meta":
            account["graph_url"] = f"http://{host}:{port}/v23.0"
        if account["kind"] == "mail":
            account["smtp"] = {"host": host, "port": smtp, "tls": "none"}
    for alert in data.get("alerts", {}).values():
        alert["url"], alert["networks"] = f"http://{host}:{port}/alerts", list(networks)
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


def role_url(admin: str, database: str, service: str, secrets: Mapping[str, str]) -> str:
    """The URL by which a service reaches its own schema with its own role."""
    parts = urlsplit(admin)
    user = f"{quote(_role(database, service))}:{secrets[f'LOTSE_ROLE_{service.upper()}']}"
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.hostname}:{parts.port or 5432}", path=f"/{database}"))


def _role(database: str, service: str) -> str:
    return f"{database}_{service}"


async def provision(admin: str, database: str, secrets: Mapping[str, str]) -> None:
    """Make the database, and one schema and one role per service, where they are missing."""
    connection = await connect(admin, "public", "lotse-local")
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await connection.execute(f'CREATE DATABASE "{database}"')
        for service in SERVICES:
            role, password = _role(database, service), secrets[f"LOTSE_ROLE_{service.upper()}"]
            known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
            verb = "ALTER" if known else "CREATE"
            await connection.execute(f"{verb} ROLE \"{role}\" LOGIN PASSWORD '{password}'")
    finally:
        await connection.close()
    inside = await connect(urlunsplit(urlsplit(admin)._replace(path=f"/{database}")), "public", "lotse-local")
    try:
        for service in SERVICES:
            await inside.execute(f'CREATE SCHEMA IF NOT EXISTS "{service}" AUTHORIZATION "{_role(database, service)}"')
    finally:
        await inside.close()


async def _ready(instances: Sequence[Instance], supervisor: Supervisor) -> None:
    async with httpx.AsyncClient(timeout=2) as client:
        try:
            for instance in instances:
                await until(partial(_answers, client, instance), _READY_WITHIN)
        except TimeoutError:
            late = [i.name for i in instances if not await _answers(client, i)]
            ends = "\n".join(f"{name}:\n{last_lines(supervisor.log(name))}" for name in late)
            raise LocalError(f"not ready after {_READY_WITHIN.seconds} s: {', '.join(late)}\n{ends}") from None


async def _answers(client: httpx.AsyncClient, instance: Instance) -> bool:
    try:
        return (await client.get(f"{instance.url}/readyz")).status_code == 200
    except httpx.HTTPError:
        return False
