# pyright: reportUnknownMemberType=false
"""What the pages share, and how they come into the desk's app."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui
from starlette.middleware.sessions import SessionMiddleware

from lotse.desk.api.parts import Parts
from lotse.desk.console.pages import inbox
from lotse.desk.console.viewer import LASTS
from lotse.desk.settings import DeskSettings

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Console:
    """The pages' way to the desk. `parts` raises ApiError 503 until the service has its connections."""

    settings: DeskSettings
    parts: Callable[[], Parts]


def mount(http: FastAPI, settings: DeskSettings, parts: Callable[[], Parts]) -> Console:
    """Put the console on the app, behind whatever routes it has already."""
    console = Console(settings, parts)
    nicegui_app.add_static_files("/static", STATIC)
    ui.run_with(http, title="Lotse", dark=None, tailwind=False, show_welcome_message=False, reconnect_timeout=30)
    http.add_middleware(
        SessionMiddleware,
        secret_key=settings.session_key.get_secret_value(),
        session_cookie="lotse_session",
        same_site="lax",
        https_only=settings.console_url.startswith("https://"),
        max_age=int(LASTS.total_seconds()),
    )
    for page in (inbox,):
        page.add_to(console)
    return console
