"""Bearer tokens: how mail servers and our own systems prove who they are (RFC 6750)."""

import hmac


def verify(token: str, authorization: str | None) -> bool:
    """Whether the header `Authorization` bears this token; takes the same time wherever they differ."""
    scheme, _, given = (authorization or "").partition(" ")
    return hmac.compare_digest(token.encode(), given.strip().encode()) and scheme.lower() == "bearer"
