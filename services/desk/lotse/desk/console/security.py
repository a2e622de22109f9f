"""What keeps other sites out of a signed-in browser: where requests may come from, what a page may load."""

import re
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE = ("GET", "HEAD", "OPTIONS")
_SOCKET = "/_nicegui_ws/"
_TOKENS = ("/v1/", "/ops/")
"""Takes a token and no cookie."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
_ALONE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""For pages without NiceGUI."""
_PAGE = (
    "default-src 'none'; script-src 'self' 'nonce-{}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""NiceGUI compiles templates in the browser, hence eval. A script or handler that came in with data does not run."""

_SCRIPT = re.compile(rb"<script(?=[\s>])")


class SameOrigin:
    """Refuses sockets and changes that another site's page asks for, and adds the security headers.

    A response that brings a header of its own keeps it. The API is left out: it takes no cookie.
    """

    def __init__(self, app: ASGIApp, console_url: str) -> None:
        self._app = app
        self._host = urlsplit(console_url).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if self._foreign(scope):
            await _refuse(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.setdefault("Content-Security-Policy", _ALONE)
            await send(message)

        await self._app(scope, receive, sent)

    def _foreign(self, scope: Scope) -> bool:
        path, socket = scope["path"], scope["type"] == "websocket"
        if path.startswith(_TOKENS):
            return False
        changes = not socket and scope["method"] not in _SAFE
        if not (socket or changes or path.startswith(_SOCKET)):
            return False
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None:
            return changes and headers.get("sec-fetch-site") != "same-origin"
        return urlsplit(origin).netloc not in (headers.get("host"), self._host)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    await PlainTextResponse("another site asked for this\n", 403)(scope, receive, send)


class Nonced:
    """Gives NiceGUI's own scripts a nonce, so that the policy can refuse every other one.

    Data stands in the page as escaped JSON and so never brings a `<script` of its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = bytearray()

        async def sent(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and "x-nicegui-content" in Headers(raw=message["headers"]):
                start = message
            elif start is None or message["type"] != "http.response.body":
                await send(message)
            else:
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    await _send_page(start, bytes(body), send)

        await self._app(scope, receive, sent)


async def _send_page(start: Message, body: bytes, send: Send) -> None:
    nonce = secrets.token_urlsafe(16)
    body = _SCRIPT.sub(b'<script nonce="%s"' % nonce.encode(), body)
    headers = MutableHeaders(scope=start)
    headers["content-length"] = str(len(body))
    headers["Content-Security-Policy"] = _PAGE.format(nonce)
    await send(start)
    await send({"type": "http.response.body", "body": body})
