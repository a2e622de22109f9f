"""Lets schemathesis send mail."""

import schemathesis


@schemathesis.serializer("message/rfc822")
def mail(ctx: schemathesis.SerializationContext, value: object) -> bytes:
    """A mail with these words in it."""
    words = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
    return b"From: erika@kunde.example\nMessage-ID: <a@kunde.example>\n\n" + words
