"""The HTTP API as one app."""

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from lotse.contracts.config import Config
from lotse.ingest.accounts import Accounts
from lotse.ingest.channels.typed import Edit, NewMessage
from lotse.ingest.replaying import Replaying
from lotse.ingest.web import blobs, mail, messages, meta, ops, problems, replays
from lotse.ingest.web.calls import Calls
from lotse.ingest.web.tokens import SCHEMES
from lotse.runtime.health import UNTRACED


class Api(FastAPI):
    """Knows the schemas of the bodies that its endpoints read themselves, and that the webhook checks none."""

    def openapi(self) -> dict[str, object]:
        document = super().openapi()
        _, models = models_json_schema(
            [(NewMessage, "validation"), (Edit, "validation")], ref_template="#/components/schemas/{model}"
        )
        components = document.setdefault("components", {})
        components["schemas"] = {**components.get("schemas", {}), **models["$defs"]}
        components["securitySchemes"] = dict(SCHEMES)
        document["paths"]["/v1/meta/{account}"]["post"]["responses"].pop("422", None)
        return document


def build(accounts: Accounts, calls: Calls, config: Config | None = None) -> FastAPI:
    """Every endpoint of the accounts there are; with the configuration, what operators are told of them."""
    app = Api(title="Lotse ingest", version="1", docs_url=None, redoc_url=None, telemetry=UNTRACED)
    problems.install(app)
    meta.add_to(app, accounts.meta, calls)
    mail.add_to(app, accounts.mail, calls)
    messages.add_to(app, accounts.api, calls)
    blobs.add_to(app, calls)
    if config is not None:
        ops.add_to(app, config, calls)
        replays.add_to(app, Replaying(accounts, calls))
    return app
