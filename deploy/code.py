"""What the code says of itself, for manifests to be held against."""

import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from inspect import isclass
from typing import cast

from fastapi import FastAPI
from starlette.routing import Route

from lotse.contracts.topics import Topic
from lotse.runtime.health import Health
from lotse.runtime.service import Service
from lotse.runtime.settings import KafkaSettings, RuntimeSettings


def health_paths() -> set[str]:
    """The routes that every service has."""
    app = FastAPI(openapi_url=None)
    Health().mount(app)
    return {route.path for route in app.routes if isinstance(route, Route)}


def settings_of(service: str) -> type[KafkaSettings]:
    """The settings class of a service, or of the topics job."""
    if service == "topics":
        return KafkaSettings
    own: list[type[RuntimeSettings]] = [
        found
        for found in vars(import_module(f"lotse.{service}.settings")).values()
        if isclass(found) and issubclass(found, RuntimeSettings) and found.__module__ == f"lotse.{service}.settings"
    ]
    return own[0]


def variables(settings: type[KafkaSettings]) -> set[str]:
    """Every variable that a settings class reads."""
    return {f"LOTSE_{field.upper()}" for field in settings.model_fields}


def service_of(name: str, environment: Mapping[str, str]) -> Service:
    """The service as it would be put together with these variables alone. Raises SettingsError."""
    make = cast("Callable[[object], Service]", import_module(f"lotse.{name}.app").service)
    with only(environment):
        return make(settings_of(name).read())


def topics_read(service: Service) -> set[Topic]:
    """What its folds and streams subscribe to."""
    return {reads.topic for part in (*service.folds, *service.streams) for reads in part.reads}


def is_module(name: str) -> bool:
    """Whether `python -m name` would find something."""
    spec = find_spec(name)
    return spec is not None and spec.origin is not None


@contextmanager
def only(environment: Mapping[str, str]) -> Generator[None]:
    """No LOTSE_ variable but these, for the length of the block."""
    before = {key: value for key, value in os.environ.items() if key.startswith("LOTSE_")}
    for key in before:
        del os.environ[key]
    os.environ.update(environment)
    try:
        yield
    finally:
        for key in environment:
            os.environ.pop(key, None)
        os.environ.update(before)
