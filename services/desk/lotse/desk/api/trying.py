"""The page on which the API can be read and tried. FastAPI's own loads its parts from elsewhere, which a closed network
does not reach; these come with a package."""

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

_PARTS = "swagger"
_INLINE = re.compile(r"<script>(.+?)</script>", re.DOTALL)
_POLICY = (
    "default-src 'none'; script-src 'self' {}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_THEME = """
<meta name="color-scheme" content="light dark">
<script>
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
</script>
"""
"""Swagger's own dark colours, as the browser asks for them."""


def install(app: FastAPI) -> None:
    """Put it at `/docs`."""
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title=app.title,
        swagger_js_url=f"{_PARTS}/swagger-ui-bundle.js",
        swagger_css_url=f"{_PARTS}/swagger-ui.css",
        swagger_favicon_url="static/favicon.svg",
        swagger_ui_parameters={"validatorUrl": None},
    )
    text = bytes(page.body).decode().replace("</head>", f"{_THEME}</head>")
    inline = " ".join(f"'sha256-{_hash(script)}'" for script in _INLINE.findall(text))
    headers = {"Content-Security-Policy": _POLICY.format(inline)}

    async def docs() -> HTMLResponse:
        return HTMLResponse(text, headers=headers)

    app.add_api_route("/docs", docs, include_in_schema=False)
    app.mount(f"/{_PARTS}", StaticFiles(directory=str(files("fastapi_offline") / "static")))


def _hash(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode()
