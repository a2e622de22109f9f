"""Files that come in, to be sent with a reply."""

from collections.abc import AsyncGenerator, Mapping
from email.message import Message
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from lotse.contracts.channels import Channel, Profile, profile
from lotse.contracts.files import MOST_BYTES
from lotse.contracts.replies import Problem, ProblemCode
from lotse.desk.api.file_models import StoredFile
from lotse.desk.api.parts import Desk, Who, told
from lotse.desk.api.problems import ApiError
from lotse.desk.file_store import StoreAway
from lotse.desk.files import EmptyFile, FileRefused, Files, Stored

router = APIRouter(prefix="/v1")

_CHUNK = 64 * 1024
_FORM = 1024 * 1024
"""What a form may add to a file."""
_BINARY: Mapping[str, object] = {"type": "string", "format": "binary"}
_BODY: Mapping[str, object] = {
    "required": True,
    "content": {
        "application/octet-stream": {"schema": _BINARY},
        "multipart/form-data": {
            "schema": {"type": "object", "properties": {"file": _BINARY}, "required": ["file"]},
        },
    },
}

Name = Annotated[str, Query(max_length=500, description="The file's name; a form brings its own.")]
ForChannel = Annotated[Channel | None, Query(description="Refuse what this channel would not send.")]


@router.post(
    "/files",
    status_code=201,
    response_model=StoredFile,
    responses=told(400, 413, 415),
    openapi_extra={"requestBody": _BODY},
)
async def take_file(request: Request, desk: Desk, _: Who, name: Name = "", channel: ForChannel = None) -> StoredFile:
    """Take a file in: as the body, its type in `Content-Type`, or as the part `file` of a form.

    Its content decides: a type that is claimed and is not there is refused, and so is what runs or shows as a page.
    """
    try:
        stored = await receive(request, desk.files, name, profile(channel) if channel else None)
    except FileRefused as error:
        raise _refusal(error) from error
    except EmptyFile as error:
        raise ApiError(422, "empty", "there is nothing in the file") from error
    except StoreAway as error:
        raise ApiError(503, "store_away", "files cannot be kept at the moment", headers={"Retry-After": "5"}) from error
    file = stored.attachment
    return StoredFile(
        id=stored.id, name=file.name, media_type=file.media_type, size=file.size or 0, sha256=file.sha256 or ""
    )


async def receive(request: Request, files: Files, name: str, rules: Profile | None) -> Stored:
    """The file of a request: its body, or the part `file` of its form.

    Raises:
        FileRefused, EmptyFile, StoreAway: As `Files.keep` does.
        ApiError: 400 for a form that cannot be read, 422 for one without a file.
    """
    _look_ahead(request, name, rules)
    said = request.headers.get("content-type", "")
    if said.startswith("multipart/form-data"):
        return await _from_form(request, files, name, rules)
    try:
        return await files.keep(name or _named(request), said, request.stream(), rules)
    except ClientDisconnect as error:
        raise ApiError(400, "gone_away", "the caller went away") from error


def _look_ahead(request: Request, name: str, rules: Profile | None) -> None:
    """Refuse by what the request declares before anything is read."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > MOST_BYTES + _FORM:
        raise FileRefused(Problem(ProblemCode.FILE_TOO_LARGE, limit=MOST_BYTES, file=name))
    if rules is not None and rules.files is None:
        raise FileRefused(Problem(ProblemCode.NO_FILES, file=name))


async def _from_form(request: Request, files: Files, name: str, rules: Profile | None) -> Stored:
    try:
        async with request.form(max_files=1, max_fields=10) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise ApiError(422, "invalid", "a form needs a part `file` with a file name")
            return await files.keep(name or file.filename or "", file.content_type or "", _chunks(file), rules)
    except HTTPException as error:
        if error.status_code == 413:
            raise
        raise ApiError(400, "bad_request", "the form cannot be read") from error


async def _chunks(file: UploadFile) -> AsyncGenerator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk


def _named(request: Request) -> str:
    """The name in `Content-Disposition` (RFC 6266), where a body comes alone."""
    read = Message()
    read["Content-Disposition"] = request.headers.get("content-disposition", "")
    return read.get_filename("")


_DETAILS: Mapping[ProblemCode, str] = {
    ProblemCode.NO_FILES: "this channel takes no files",
    ProblemCode.FILE_TYPE: "files of this type are not sent",
}


def _refusal(error: FileRefused) -> ApiError:
    """413 or 415, with the word of the reply rules as the reason."""
    problem = error.problem
    if error.differs:
        return ApiError(415, "file-type-differs", "the content is not of the type that is claimed")
    if problem.code is ProblemCode.FILE_TOO_LARGE:
        return ApiError(413, problem.code.value, f"the file is too large: {problem.limit} bytes at the most")
    return ApiError(415, problem.code.value, _DETAILS.get(problem.code, "the file cannot be sent"))
