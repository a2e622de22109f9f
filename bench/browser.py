"""The Chromium that the console is measured and tested in."""

import shutil

_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first is the same engine without a window of its own, which costs a second and half a core a page."""

MISSING = "no Chromium is installed (Debian: apt-get install chromium-headless-shell)"

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-dev-shm-usage",
)


def find() -> str | None:
    """Where it is, if one is installed."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)
