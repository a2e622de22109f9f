# pyright: reportUnknownMemberType=false
"""A word to the whole page that goes by itself. What must not be missed stands elsewhere as well."""

from nicegui import ui


def toast(said: str, *, danger: bool = False, seconds: float = 4.0) -> None:
    """Say it at the foot of the page that the caller acts for, beside the reply box."""
    tone = "lt-danger" if danger else "lt-ok"
    # Quasar's texts are white unless told otherwise, and its word is the last: no such colour leaves it to our sheet.
    ui.notify(
        said,
        position="bottom-left",
        color=None,
        textColor="own",
        classes=f"lt-toast {tone}",
        timeout=round(seconds * 1_000),
    )
