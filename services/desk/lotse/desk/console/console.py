# pyright: reportUnknownMemberType=false
"""What the pages share, and how they come into the desk's app."""

import logging
from collections.abc import Callable
from dataclasses import field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import core, ui
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from lotse.contracts.frozen import frozen
from lotse.desk.api import problems
from lotse.desk.api.parts import Parts
from lotse.desk.api.problems import ApiError, reading
from lotse.desk.console import banner, files, mails, signin, store
from lotse.desk.console.begun import Begun
from lotse.desk.console.frame import Fill
from lotse.desk.console.live import Hub
from lotse.desk.console.pages import conversation, inbox, numbers, operations, team
from lotse.desk.console.security import Nonced, SameOrigin
from lotse.desk.console.typing_seen import TypingSeen
from lotse.desk.console.viewer import LASTS, Viewer, viewer_of
from lotse.desk.settings import DeskSettings
from lotse.runtime import clock

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"


@frozen
class Console:
    """The pages' way to the desk. `parts` raises ApiError 503 until the service has its connections."""

    settings: DeskSettings
    parts: Callable[[], Parts]
    static: str = "/static"
    """Where the files of `static/` are, under a name that changes with them."""
    banners: list[Fill] = field(default_factory=list[Fill])
    """Each builds what every page says above itself, in the region for alarms; see `frame.Fill`."""
    typing: TypingSeen = field(default_factory=lambda: TypingSeen(clock.now))
    """Who writes in which conversation."""
    begun: Begun = field(default_factory=Begun)
    """Tells an agent's pages of his drafts."""
    hub: Hub = field(default_factory=Hub)
    """Tells open pages what changed."""

    beats: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """When a page of this process last gave a sign of life for an agent."""

    async def viewer(self, connection: HTTPConnection) -> Viewer | None:
        """The person behind a request, None where nobody is signed in. Raises ApiError 503."""
        parts = self.parts()
        viewer = viewer_of(connection, parts.clock())
        if viewer is None:
            return None
        return None if await self.ended(viewer) else viewer

    async def ended(self, viewer: Viewer) -> bool:
        """Whether a sign-in has run out or was ended on any replica. Raises ApiError 503."""
        parts = self.parts()
        if viewer.session is None or viewer.until is None or viewer.until <= parts.clock():
            return True
        async with reading(parts.database) as tx:
            return await store.session_ended(tx, viewer.session)


def mount(http: FastAPI, settings: DeskSettings, parts: Callable[[], Parts]) -> Console:
    """Put the console on the app, behind whatever routes it has already."""
    console = Console(settings, parts, static=f"/static/{_version()}")
    http.include_router(signin.router(console))
    http.include_router(mails.router(console))
    http.include_router(files.router(console))
    http.include_router(numbers.router(console))
    nicegui_app.add_static_files(console.static, STATIC, max_cache_age=365 * 24 * 3600)
    nicegui_app.add_static_files("/static", STATIC)
    nicegui_app.add_middleware(Nonced)
    core.sio.eio.cors_allowed_origins = []
    ui.run_with(
        http,
        title="Lotse",
        favicon=(STATIC / "favicon.svg").read_text(encoding="utf-8"),
        dark=None,
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=30,
    )
    _say_what_is_wrong(console)
    http.add_middleware(
        SessionMiddleware,
        secret_key=settings.session_key.get_secret_value(),
        session_cookie="lotse_session",
        same_site="lax",
        https_only=settings.console_url.startswith("https://"),
        max_age=int(LASTS.total_seconds()),
    )
    http.add_middleware(SameOrigin, console_url=settings.console_url)
    banner.add_to(console)
    for page in (inbox, conversation, numbers, team, operations):
        page.add_to(console)
    return console


def _say_what_is_wrong(console: Console) -> None:
    """In place of NiceGUI's own pages, which show the error itself."""

    async def lost(request: Request, _: Exception) -> Response:
        if request.url.path.startswith("/v1/"):
            return problems.answer(ApiError(404, "not_found", "there is no such address").problem)
        return signin.lost(console, request)

    async def broken(request: Request, error: Exception) -> Response:
        log.error("a page could not be shown", exc_info=error)
        return signin.broken(console, request)

    nicegui_app.add_exception_handler(404, lost)
    nicegui_app.add_exception_handler(Exception, broken)


def _version() -> str:
    """A name for what stands in `static/` now."""
    found = sha256()
    for path in sorted(STATIC.rglob("*.*")):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]
