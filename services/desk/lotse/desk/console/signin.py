"""How a person comes in and goes out: the page that says how, the one-time link, signing out."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from lotse.contracts.config import Agent
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AgentId
from lotse.desk.api.problems import ApiError, reading
from lotse.desk.auth import Caller
from lotse.desk.console import links, store
from lotse.desk.console.oidc import Issuer, SignInFailed, Why
from lotse.desk.console.plain import Html, answer, html
from lotse.desk.console.viewer import Language, came_by_issuer, go_on_to, language, sign_in, sign_out, viewer_of

if TYPE_CHECKING:
    from lotse.desk.console.console import Console

log = logging.getLogger(__name__)


@frozen
class SignInTexts:
    title: str
    lead: str
    ended: str
    provider: str
    how: str
    link: str
    no_link: str
    enter_title: str
    enter: str
    enter_button: str
    spent_title: str
    spent: str
    away_title: str
    away: str
    forbidden_title: str
    forbidden: str
    back: str
    api: str
    lost_title: str
    lost: str
    broken_title: str
    broken: str
    failed_title: str
    failed: Mapping[Why, str]
    again: str


TEXTS: Mapping[Language, SignInTexts] = {
    "de": SignInTexts(
        title="Anmelden",
        lead="Hier liest und beantwortet Ihr Team, was Kundinnen und Kunden auf allen Kanälen schreiben.",
        ended="Ihre Anmeldung ist zu Ende. Melden Sie sich neu an, dann geht es dort weiter, wo Sie waren.",
        provider="Mit dem Firmenkonto anmelden",
        how="So kommen Sie hinein",
        link="Auf diesem Rechner mit einem Link, der einmal gilt. Er steht in der Ausgabe von lotse demo und lotse up; "
        "einen neuen macht:",
        no_link="Ihr Anmeldedienst (OIDC) ist hier noch nicht eingerichtet; wie das geht, steht in der Dokumentation.",
        enter_title="Willkommen",
        enter="Dieser Link meldet Sie an als",
        enter_button="Anmelden",
        spent_title="Dieser Link gilt nicht mehr",
        spent="Ein Link gilt kurze Zeit und ein einziges Mal. Einen neuen macht:",
        away_title="Einen Augenblick",
        away="Lotse startet gerade oder erreicht seine Datenbank nicht. Diese Seite versucht es von selbst wieder.",
        forbidden_title="Nicht für Ihre Rolle",
        forbidden="Diese Seite ist der Teamleitung vorbehalten.",
        back="Zum Eingang",
        api="API-Dokumentation",
        lost_title="Hier ist nichts",
        lost="Diese Seite gibt es nicht (mehr).",
        broken_title="Das hätte nicht passieren dürfen",
        broken="Diese Seite konnte nicht gezeigt werden. Bitte noch einmal versuchen.",
        failed_title="Anmeldung nicht möglich",
        failed={
            "denied": "Der Anmeldedienst hat abgelehnt, oder die Anmeldung wurde abgebrochen.",
            "stale": "Diese Anmeldung hat zu lange gedauert oder wurde in einem anderen Fenster begonnen.",
            "away": "Der Anmeldedienst ist gerade nicht zu erreichen. Bitte gleich noch einmal versuchen.",
            "untrusted": "Der Antwort des Anmeldedienstes ist nicht zu trauen. Bitte der Verwaltung Bescheid geben.",
            "no_role": "Ihrem Konto ist keine Rolle in Lotse gegeben. Bitte die Verwaltung darum.",
            "no_agent": "Ihr Konto gehört zu keinem Agenten, den Lotse kennt. Bitte der Verwaltung Bescheid geben.",
        },
        again="Noch einmal anmelden",
    ),
    "en": SignInTexts(
        title="Sign in",
        lead="This is where your team reads and answers what customers write on every channel.",
        ended="Your session has ended. Sign in again and you will be back where you were.",
        provider="Sign in with your company account",
        how="How to get in",
        link="On this machine with a link that works once. It is printed by lotse demo and lotse up; "
        "a new one is made by:",
        no_link="Your identity provider (OIDC) is not set up here yet; the documentation says how to.",
        enter_title="Welcome",
        enter="This link signs you in as",
        enter_button="Sign in",
        spent_title="This link is no longer good",
        spent="A link is good for a short while and a single time. A new one is made by:",
        away_title="One moment",
        away="Lotse is starting, or cannot reach its database. This page tries again by itself.",
        forbidden_title="Not for your role",
        forbidden="This page is kept for team leads.",
        back="To the inbox",
        api="API documentation",
        lost_title="Nothing here",
        lost="There is no such page (any more).",
        broken_title="This should not have happened",
        broken="This page could not be shown. Please try again.",
        failed_title="You could not be signed in",
        failed={
            "denied": "The identity provider refused, or signing in was cancelled.",
            "stale": "Signing in took too long, or was begun in another window.",
            "away": "The identity provider cannot be reached at the moment. Please try again shortly.",
            "untrusted": "The identity provider's answer cannot be trusted. Please tell your administrators.",
            "no_role": "Your account has no role in Lotse. Please ask your administrators for one.",
            "no_agent": "Your account belongs to no agent that Lotse knows. Please tell your administrators.",
        },
        again="Sign in again",
    ),
}

_STATUS: Mapping[Why, int] = {
    "denied": 403,
    "stale": 400,
    "away": 503,
    "untrusted": 502,
    "no_role": 403,
    "no_agent": 403,
}

_AGAIN = html("<pre>uv run lotse link</pre>\n")


def said(request: Request) -> SignInTexts:
    return TEXTS[language(request)]


def page(console: "Console", request: Request, *, ended: bool = False) -> Response:
    """What who is not signed in sees instead of the inbox."""
    told = said(request)
    body = html("<p>$lead</p>\n", lead=told.lead)
    if ended:
        body = html('<p class="lt-warn" role="status">$ended</p>\n', ended=told.ended) + body
    if console.settings.oidc_client_id is not None:
        body += html('<a class="lt-button primary wide" href="/oidc/login">$button</a>\n', button=told.provider)
    body += html("<h2>$how</h2>\n", how=told.how)
    if console.settings.jwt_secret is not None:
        body += html("<p>$link</p>\n", link=told.link) + _AGAIN
    elif console.settings.oidc_client_id is None:
        body += html("<p>$none</p>\n", none=told.no_link)
    return answer(request, console.static, told.title, body, foot=html('<a href="/docs">$api</a>', api=told.api))


def away(console: "Console", request: Request) -> Response:
    """The desk is starting, or its database is away: come again by itself."""
    told = said(request)
    body = html('<p role="status">$away</p>\n', away=told.away)
    again = '<meta http-equiv="refresh" content="3">\n'
    return answer(request, console.static, told.away_title, body, status=503, head=again)


def forbidden(console: "Console", request: Request) -> Response:
    told = said(request)
    return _dead_end(console, request, 403, told.forbidden_title, told.forbidden)


def lost(console: "Console", request: Request) -> Response:
    told = said(request)
    return _dead_end(console, request, 404, told.lost_title, told.lost)


def broken(console: "Console", request: Request) -> Response:
    """Something failed; what it was stands in the log alone."""
    told = said(request)
    return _dead_end(console, request, 500, told.broken_title, told.broken)


def _dead_end(console: "Console", request: Request, status: int, title: str, why: str) -> Response:
    body = html('<p>$why</p>\n<a class="lt-button" href="/">$back</a>\n', why=why, back=said(request).back)
    return answer(request, console.static, title, body, status=status)


def refused(console: "Console", request: Request) -> Response:
    """For who is not signed in: the sign-in page on `/`, the way there from everywhere else."""
    if request.url.path == "/":
        return page(console, request)
    go_on_to(request, f"{request.url.path}?{request.url.query}".rstrip("?"))
    return RedirectResponse("/", 303)


def router(console: "Console") -> APIRouter:
    """The routes of signing in and out; none belongs to the API's document."""
    made = APIRouter(include_in_schema=False)
    issuer = Issuer(console.settings) if console.settings.oidc_client_id is not None else None
    if issuer is not None:
        _by_issuer(console, issuer, made)
    _by_link(console, made)
    _going(console, issuer, made)
    return made


def _by_link(console: "Console", made: APIRouter) -> None:
    @made.get("/enter")
    async def look(request: Request, token: str = "") -> Response:
        """Shows a link's button and leaves the link good: previews of links ask for it, too."""
        try:
            link, card = await _open(console, token)
        except links.BadLink:
            return _spent(console, request)
        except ApiError:
            return away(console, request)
        return _entrance(console, request, token, link.agent, card)

    @made.post("/enter")
    async def enter(request: Request, token: Annotated[str, Form()] = "") -> Response:
        try:
            link, card = await _open(console, token)
            now = console.parts().clock()
            async with reading(console.parts().database) as tx:
                first = await store.use_link(tx, link.id, link.expires_at, now)
        except links.BadLink:
            return _spent(console, request)
        except ApiError:
            return away(console, request)
        if not first:
            return _spent(console, request)
        return RedirectResponse(sign_in(request, Caller(link.agent, card.role), now), 303)


def _going(console: "Console", issuer: Issuer | None, made: APIRouter) -> None:
    @made.post("/leave")
    async def leave(request: Request) -> Response:
        """Sign out, here and wherever else the same cookie was; says where to go then."""
        now, by_issuer = console.parts().clock(), came_by_issuer(request)
        await _end(console, request)
        onwards = await issuer.leaving(now) if issuer is not None and by_issuer else None
        return JSONResponse({"to": onwards or "/"})

    @made.get("/ended")
    async def ended(request: Request, back: str = "/") -> Response:
        """Where an open page goes when the sign-in behind it has ended."""
        try:
            if await console.viewer(request) is not None:
                return RedirectResponse("/", 303)
        except ApiError:
            return away(console, request)
        go_on_to(request, back)
        return page(console, request, ended=True)


def _by_issuer(console: "Console", issuer: Issuer, made: APIRouter) -> None:
    @made.get("/oidc/login")
    async def login(request: Request) -> Response:
        try:
            return RedirectResponse(await issuer.begin(request, console.parts().clock()), 303)
        except SignInFailed as error:
            return _failed(console, request, error)
        except ApiError:
            return away(console, request)

    @made.get("/oidc/callback")
    async def callback(request: Request) -> Response:
        try:
            parts = console.parts()
            caller = await issuer.finish(request, request.query_params, parts.config, parts.clock())
        except SignInFailed as error:
            return _failed(console, request, error)
        except ApiError:
            return away(console, request)
        return RedirectResponse(sign_in(request, caller, parts.clock(), by_issuer=True), 303)


def _failed(console: "Console", request: Request, error: SignInFailed) -> Response:
    log.warning("nobody was signed in: %s", error.detail)
    told = said(request)
    body = html('<p role="alert">$why</p>\n', why=told.failed[error.why])
    body += html('<a class="lt-button primary wide" href="/oidc/login">$again</a>\n', again=told.again)
    return answer(request, console.static, told.failed_title, body, status=_STATUS[error.why])


async def _open(console: "Console", token: str) -> tuple[links.Link, Agent]:
    """A link that may still be used, and whose it is. Raises BadLink, ApiError 503."""
    parts = console.parts()
    link = links.read(token, console.settings.jwt_secret, parts.clock())
    card = parts.config.agents.get(AgentId(link.agent))
    async with reading(parts.database) as tx:
        if card is None or await store.link_used(tx, link.id):
            raise links.BadLink
    return link, card


def _entrance(console: "Console", request: Request, token: str, agent: str, card: Agent) -> Response:
    told = said(request)
    body = html(
        '<p>$as</p>\n<p class="lt-row"><span class="lt-avatar large" aria-hidden="true">$initials</span>'
        '<span><strong>$name</strong><br><span class="lt-muted">$title</span></span></p>\n'
        '<form method="post" action="/enter"><input type="hidden" name="token" value="$token">'
        '<button class="lt-button primary wide" autofocus>$button</button></form>\n',
        **{"as": told.enter},
        initials=card.initials or agent[:2].upper(),
        name=card.name,
        title=card.title,
        token=token,
        button=told.enter_button,
    )
    return answer(request, console.static, told.enter_title, body)


def _spent(console: "Console", request: Request) -> Response:
    told = said(request)
    body: Html = html("<p>$spent</p>\n", spent=told.spent) + _AGAIN
    return answer(request, console.static, told.spent_title, body, status=410)


async def _end(console: "Console", request: Request) -> None:
    parts = console.parts()
    viewer = viewer_of(request, parts.clock())
    sign_out(request)
    if viewer is not None and viewer.session is not None and viewer.until is not None:
        async with reading(parts.database) as tx:
            await store.end_session(tx, viewer.session, viewer.until, parts.clock())
