"""Files on the pages: links to show them by, the way in for the composer, and what is said when one is refused."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lotse.contracts.channels import Channel, profile
from lotse.contracts.frozen import frozen
from lotse.contracts.replies import Problem, ProblemCode
from lotse.contracts.values import Attachment
from lotse.desk.api.problems import ApiError
from lotse.desk.api.uploads import receive
from lotse.desk.file_store import StoreAway
from lotse.desk.file_types import SAFE_IMAGES
from lotse.desk.files import EmptyFile, FileRefused
from lotse.desk.language import Language

if TYPE_CHECKING:
    from lotse.desk.console.console import Console


def link(console: "Console", attachment: Attachment, message_id: UUID | None = None, number: int | None = None) -> str:
    """Where the browser gets the file, without a cookie, for the next hour.

    Message and number (its place among the message's attachments) are needed for customers' files, which may still be
    with the provider. A page built again within a quarter of an hour has the same link.
    """
    return console.parts().files.link(attachment, message_id, number)


def is_picture(attachment: Attachment) -> bool:
    """The browser may show it in an `<img>`."""
    return attachment.media_type in SAFE_IMAGES


def attached(console: "Console", file_id: str) -> Attachment | None:
    """The file that came in under this id; None where there was none, or more than seven days ago."""
    return console.parts().files.attached(file_id)


@frozen
class FileTexts:
    refused: Mapping[str, str]
    """By reason; `{file}`, `{limit}` and `{most}` are filled in."""
    unknown: str


TEXTS: Mapping[Language, FileTexts] = {
    "de": FileTexts(
        {
            "no-files": "Auf diesem Kanal können keine Dateien gesendet werden.",
            "too-many-files": "Auf diesem Kanal gehen höchstens {most} Dateien mit einer Antwort.",
            "file-type": "„{file}“: Dateien dieser Art nimmt dieser Kanal nicht.",
            "file-type-differs": "„{file}“: Der Inhalt passt nicht zur Art der Datei.",
            "file-too-large": "„{file}“ ist zu groß: höchstens {limit}.",
            "files-too-large": "Die Dateien sind zusammen zu groß.",
            "text-or-file": "Hier geht nur eine Nachricht: entweder Text oder eine Datei.",
            "empty": "„{file}“ ist leer.",
            "store_away": "Dateien können im Moment nicht gespeichert werden. Bitte gleich noch einmal versuchen.",
        },
        "„{file}“ konnte nicht angehängt werden.",
    ),
    "en": FileTexts(
        {
            "no-files": "Files cannot be sent on this channel.",
            "too-many-files": "On this channel at most {most} files go with an answer.",
            "file-type": "“{file}”: this channel does not take files of this type.",
            "file-type-differs": "“{file}”: the content does not match the type of the file.",
            "file-too-large": "“{file}” is too large: at most {limit}.",
            "files-too-large": "The files are too large together.",
            "text-or-file": "Only one message may go here: either text or a file.",
            "empty": "“{file}” is empty.",
            "store_away": "Files cannot be kept at the moment. Please try again shortly.",
        },
        "“{file}” could not be attached.",
    ),
}


def said(language: Language, problem: Problem, *, differs: bool = False) -> str:
    """The sentence for what the reply rules say against a file; `differs` as in `FileRefused`."""
    return _sentence(language, "file-type-differs" if differs else problem.code.value, problem.file, problem.limit)


def _sentence(language: Language, reason: str, file: str, limit: int = 0) -> str:
    texts = TEXTS[language]
    return texts.refused.get(reason, texts.unknown).format(file=file, limit=size(limit, language), most=limit)


FILE_PROBLEMS = frozenset(
    {
        ProblemCode.NO_FILES,
        ProblemCode.TOO_MANY_FILES,
        ProblemCode.FILE_TYPE,
        ProblemCode.FILE_TOO_LARGE,
        ProblemCode.FILES_TOO_LARGE,
        ProblemCode.TEXT_OR_FILE,
    }
)


def size(count: int, language: Language) -> str:
    """Bytes for people: 512 B, 23 kB, 1,4 MB."""
    if count < 1000:
        return f"{count} B"
    number, unit = (count / 1000, "kB") if count < 1_000_000 else (count / 1_000_000, "MB")
    text = f"{number:.1f}" if number < 10 and unit == "MB" and number != int(number) else f"{number:.0f}"
    return f"{text.replace('.', ',') if language == 'de' else text}\u00a0{unit}"


def router(console: "Console") -> APIRouter:
    """`POST /uploads`: the composer's way in, for whoever is signed in on the page."""
    routes = APIRouter(include_in_schema=False)

    @routes.post("/uploads")
    async def upload(
        request: Request, name: Annotated[str, Query(max_length=500)] = "", channel: Channel | None = None
    ) -> Response:
        """Body as for `POST /v1/files`; 201 with the file and its link, else the reason and a sentence."""
        parts = console.parts()
        viewer = await console.viewer(request)
        if viewer is None:
            raise ApiError(401, "signed_out", "nobody is signed in")
        try:
            stored = await receive(request, parts.files, name, profile(channel) if channel else None)
        except FileRefused as error:
            status = 413 if error.problem.code is ProblemCode.FILE_TOO_LARGE else 415
            return _refused(
                status, error.problem.code.value, said(viewer.language, error.problem, differs=error.differs)
            )
        except EmptyFile:
            return _refused(422, "empty", _sentence(viewer.language, "empty", name))
        except StoreAway:
            return _refused(503, "store_away", _sentence(viewer.language, "store_away", name))
        file = stored.attachment
        shown: dict[str, object] = {
            "id": stored.id,
            "name": file.name,
            "media_type": file.media_type,
            "size": file.size,
            "url": parts.files.link(file),
            "picture": is_picture(file),
        }
        return JSONResponse(shown, 201)

    return routes


def _refused(status: int, reason: str, sentence: str) -> Response:
    return JSONResponse({"reason": reason, "detail": sentence}, status)
