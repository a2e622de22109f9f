"""Pages that stand alone, without NiceGUI: sign-in and what goes wrong before it."""

from html import escape
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse

from lotse.contracts.frozen import frozen
from lotse.desk.console.viewer import Language, language, theme

_PAGE = Template("""<!doctype html>
<html lang="$language" data-theme="$theme">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title · Lotse</title>
<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">
<script src="$static/frame.js"></script>
<link rel="stylesheet" href="$static/console.css">
$head</head>
<body class="lt-alone">
<main>
<div class="lt-card">
<div class="lt-mark">Lotse</div>
<h1>$title</h1>
$body</div>
<div class="lt-foot lt-small">
<span>$foot</span>
<button type="button" data-language="$other" lang="$other">$other_name</button>
</div>
</main>
</body>
</html>
""")

_OTHER: dict[Language, tuple[Language, str]] = {"de": ("en", "English"), "en": ("de", "Deutsch")}


@frozen
class Html:
    """Markup that was made from escaped parts."""

    text: str

    def __add__(self, other: "Html") -> "Html":
        return Html(self.text + other.text)


def html(template: str, **given: str) -> Html:
    """`template` with `$name` replaced by what is given, escaped."""
    return Html(Template(template).substitute({name: escape(value) for name, value in given.items()}))


def answer(
    request: Request,
    static: str,
    title: str,
    body: Html,
    *,
    status: int = 200,
    foot: Html | None = None,
    head: str = "",
) -> HTMLResponse:
    """A page in the reader's language and theme; never kept by a cache."""
    said = language(request)
    other, other_name = _OTHER[said]
    page = _PAGE.substitute(
        language=said,
        theme=theme(request).replace("auto", "light"),
        static=static,
        title=escape(title),
        head=head,
        body=body.text,
        foot=foot.text if foot else "",
        other=other,
        other_name=other_name,
    )
    headers = {"Cache-Control": "no-store", "Content-Language": said, "Vary": "Accept-Language, Cookie"}
    return HTMLResponse(page, status, headers)
