# pyright: reportUnknownMemberType=false
"""The frame of every page: sign-in and role, header, navigation, notices, theme."""

from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nicegui import ui
from starlette.requests import Request

from lotse.contracts.commands import Role
from lotse.desk.auth import ROLES
from lotse.desk.console.texts import FRAME
from lotse.desk.console.viewer import Viewer, viewer_of

if TYPE_CHECKING:
    from lotse.desk.console.console import Console

NAVIGATION = (("/", "inbox"), ("/team", "team"), ("/numbers", "numbers"), ("/operations", "operations"))

Build = Callable[[Viewer, Request], Awaitable[None]]


def page(console: "Console", path: str, name: str, roles: Sequence[Role] = ROLES) -> Callable[[Build], Build]:
    """Put what `build` makes below the frame at `path`, for people who are signed in and have one of the roles.

    `name` is the page's in `texts.FRAME`; path parameters are in `request.path_params`.
    """

    def register(build: Build) -> Build:
        async def shown(request: Request) -> None:
            viewer = viewer_of(request, console.parts().clock())
            if viewer is None or viewer.caller.role not in roles:
                ui.label("403" if viewer else "401")
                return
            with frame(viewer, name):
                await build(viewer, request)

        ui.page(path, response_timeout=10)(shown)
        return build

    return register


@contextmanager
def frame(viewer: Viewer, name: str) -> Generator[None]:
    """What is built inside stands below the header."""
    said = FRAME[viewer.language]
    ui.add_head_html('<link rel="stylesheet" href="/static/console.css">')
    ui.page_title(f"{said.pages[name]} · Lotse")
    ui.dark_mode({"auto": None, "light": False, "dark": True}[viewer.theme])
    with ui.header(), ui.element("nav"):
        for path, other in NAVIGATION:
            link = ui.link(said.pages[other], path)
            if other == name:
                link.props("aria-current=page")
    with ui.element("main"):
        yield
