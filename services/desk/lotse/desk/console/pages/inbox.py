# pyright: reportUnknownMemberType=false
"""The inbox."""

from typing import TYPE_CHECKING

from nicegui import ui
from starlette.requests import Request

from lotse.desk.console.frame import page
from lotse.desk.console.viewer import Viewer

if TYPE_CHECKING:
    from lotse.desk.console.console import Console


def add_to(console: "Console") -> None:
    @page(console, "/", "inbox")
    async def build(viewer: Viewer, _: Request) -> None:
        ui.label(viewer.caller.subject)
