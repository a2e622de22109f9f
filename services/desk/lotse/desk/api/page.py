"""The plain page on `/`: what is here and how to get in, in German or English."""

from string import Template
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

router = APIRouter()

Language = Literal["de", "en"]

_FRAME = Template("""<!doctype html>
<html lang="$lang">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lotse Desk</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; color: #1b2733 }
code, pre { background: #eef2f5; border-radius: .25rem; padding: .1rem .3rem }
pre { padding: .75rem; overflow-x: auto }
a { color: #0a5c8a }
</style>
</head>
<body>
$body
</body>
</html>
""")

_CALL = """<pre>curl -H "Authorization: Bearer $LOTSE_TOKEN" {base}v1/conversations?view=unanswered</pre>"""

_BODY: dict[Language, str] = {
    "de": """<h1>Lotse Desk</h1>
<p>Hier liest und beantwortet Ihr Team, was Kundinnen und Kunden auf allen Kanälen schreiben.</p>
<ul>
<li><a href="docs">API ausprobieren</a> und <a href="openapi.json">OpenAPI-Dokument</a></li>
<li><a href="readyz">Bereit?</a> und <a href="metrics">Metriken</a></li>
</ul>
<h2>Was da ist</h2>
<p>Gespräche mit Verlauf, Fristen, Notizen und Zuweisungen; Kunden über alle Kanäle; Agenten und ihre Auslastung;
Fristen, die offen, knapp oder verpasst sind. Antworten, erledigen, zurückstellen, weitergeben und notieren.</p>
<h2>Zugang</h2>
<p>Jeder Aufruf unter <code>/v1</code> braucht ein Token (JWT mit <code>sub</code>, <code>lotse_role</code> und
<code>exp</code>). Im Betrieb stellt es Ihr Anmeldedienst (OIDC) aus; auf einem einzelnen Rechner erzeugt es
<code>lotse token</code>.</p>
""",
    "en": """<h1>Lotse Desk</h1>
<p>This is where your team reads and answers what customers write on every channel.</p>
<ul>
<li><a href="docs">Try the API</a> and <a href="openapi.json">OpenAPI document</a></li>
<li><a href="readyz">Ready?</a> and <a href="metrics">metrics</a></li>
</ul>
<h2>What is here</h2>
<p>Conversations with history, deadlines, notes and assignments; customers across all channels; agents and their load;
deadlines that are open, close or missed. Reply, resolve, snooze, transfer and take notes.</p>
<h2>Access</h2>
<p>Every call under <code>/v1</code> needs a token (JWT with <code>sub</code>, <code>lotse_role</code> and
<code>exp</code>). In production your identity provider (OIDC) issues it; on a single machine
<code>lotse token</code> does.</p>
""",
}


def language_of(accept: str) -> Language:
    """German or English by `Accept-Language`; German where neither or both the same is asked for."""
    weights: dict[Language, float] = {"de": 0.0, "en": 0.0}
    for part in accept.split(","):
        tag, _, parameter = part.strip().partition(";")
        weight = _weight(parameter)
        match tag.strip().lower().partition("-")[0]:
            case "de":
                weights["de"] = max(weights["de"], weight)
            case "en":
                weights["en"] = max(weights["en"], weight)
            case _:
                pass
    return "en" if weights["en"] > weights["de"] else "de"


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0


@router.get("/", response_class=HTMLResponse, include_in_schema=False)
async def start(request: Request) -> HTMLResponse:
    language = language_of(request.headers.get("accept-language", ""))
    body = _BODY[language] + _CALL.format(base=request.base_url)
    return HTMLResponse(
        _FRAME.substitute(lang=language, body=body), headers={"Content-Language": language, "Vary": "Accept-Language"}
    )
