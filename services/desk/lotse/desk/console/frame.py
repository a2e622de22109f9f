# pyright: reportUnknownMemberType=false
"""The frame of every page: sign-in and role, header, navigation, notices, theme."""

from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from datetime import timedelta
from typing import TYPE_CHECKING

from nicegui import Client, ui
from starlette.requests import Request
from starlette.responses import Response

from lotse.contracts.commands import Role
from lotse.desk.api.problems import ApiError
from lotse.desk.console import own, signin
from lotse.desk.console.elements import keys
from lotse.desk.console.elements.keys import Keys
from lotse.desk.console.texts import FRAME
from lotse.desk.console.viewer import PEOPLE, Viewer

if TYPE_CHECKING:
    from lotse.desk.console.console import Console

LEADS: tuple[Role, ...] = ("lead", "admin")

NAVIGATION: tuple[tuple[str, str, str, Sequence[Role]], ...] = (
    ("/", "inbox", "g i", PEOPLE),
    ("/team", "team", "g t", PEOPLE),
    ("/numbers", "numbers", "g n", PEOPLE),
    ("/operations", "operations", "g o", LEADS),
)
"""Path, name, keys, and who finds it in the header."""

WARNED = timedelta(minutes=5)
"""How long before its end a sign-in is said to end."""

Build = Callable[[Viewer, Request], Awaitable[None]]

Fill = Callable[[Viewer], Awaitable[None]]
"""Builds banners (class `lt-banner`) for one open page, in the region that every page has below its header.

Called while the page is built; what it changes later it changes by elements that it keeps. Add it in `add_to`:
`console.banners.append(fill)`.
"""


def page(console: "Console", path: str, name: str, roles: Sequence[Role] = PEOPLE) -> Callable[[Build], Build]:
    """Put what `build` makes below the frame at `path`, for people who are signed in and have one of the roles.

    `name` is the page's in `texts.FRAME`; path parameters are in `request.path_params`.
    """

    def register(build: Build) -> Build:
        async def shown(request: Request) -> Response | None:
            try:
                viewer = await console.viewer(request)
                if viewer is None:
                    return _instead(signin.refused(console, request))
                if viewer.caller.role not in roles:
                    return _instead(signin.forbidden(console, request))
                _speak(ui.context.client, viewer)
                content, begin = await _frame(console, viewer, name)
                with content:
                    await build(viewer, request)
                begin()
            except ApiError:
                return _instead(signin.away(console, request))
            return None

        ui.page(path, response_timeout=10)(shown)
        return build

    return register


def _instead(answer: Response) -> Response:
    """Give this, and forget the page that NiceGUI had begun."""
    ui.context.client.delete()
    return answer


def _speak(client: Client, viewer: Viewer) -> None:
    """Language and theme of this page alone: NiceGUI keeps them with the route."""
    client.page = copy(client.page)
    client.page.language = {"de": "de", "en": "en-GB"}[viewer.language]
    client.page.dark = {"auto": None, "light": False, "dark": True}[viewer.theme]


async def _frame(console: "Console", viewer: Viewer, name: str) -> tuple[ui.element, Callable[[], None]]:
    """Everything around the page; gives the place for what stands on it, and what is to begin once that stands.

    A timer has NiceGUI serve what is built so far, so none begins before.
    """
    said = FRAME[viewer.language]
    ui.add_head_html(
        f'<script src="{console.static}/frame.js"></script><link rel="stylesheet" href="{console.static}/console.css">'
    )
    ui.page_title(f"{said.pages[name]} · Lotse")
    found = Keys(viewer.language)
    with ui.header(fixed=False, wrap=False, add_scroll_padding=False).classes("lt-header"):
        ui.link(said.skip, "#lt-main").classes("lt-skip")
        with ui.element("div").classes("lt-bar"):
            ui.link("Lotse", "/").classes("lt-logo")
            _navigation(viewer, name)
            ui.element("span").classes("lt-space")
            tick = await own.add(console, viewer, found)
        banners = (
            ui.element("div").classes("lt-banners").props(f'role=region aria-live=polite aria-label="{said.banners}"')
        )
        with banners:
            notice = ui.label(said.ends).classes("lt-banner lt-warn")
            notice.set_visibility(False)
            for fill in console.banners:
                await fill(viewer)
    keys.register("?", said.show_keys)
    content = ui.element("div").classes("lt-main").props("id=lt-main tabindex=-1")

    def begin() -> None:
        ui.timer(own.BEATS.total_seconds(), tick)
        if viewer.until is not None:
            left = viewer.until - WARNED - console.parts().clock()
            ui.timer(max(0.0, left.total_seconds()), lambda: notice.set_visibility(True), once=True)

    return content, begin


def _navigation(viewer: Viewer, name: str) -> None:
    said = FRAME[viewer.language]
    with ui.element("nav").classes("lt-nav").props(f'aria-label="{said.navigation}"'):
        for path, other, key, roles in NAVIGATION:
            if viewer.caller.role not in roles:
                continue
            with ui.link(target=path) as link:
                ui.element("i").classes(f"lt-icon lt-icon-{other}").props("aria-hidden=true")
                ui.label(said.pages[other])
            if other == name:
                link.props("aria-current=page")
            keys.register(key, said.go.format(said.pages[other]), go=path)
