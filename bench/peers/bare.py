"""The most that uvicorn can do: a constant response with the portal's own headers."""

import os
from pathlib import Path
from typing import Any

from portal.web.headers import SECURITY

BODY = Path(os.environ["BENCH_PAGE"]).read_bytes()
TAG = b'"0123456789abcdef0123-br"'
COMMON = [(b"cache-control", b"no-cache"), (b"vary", b"Accept-Encoding"), *SECURITY]
PAGE = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-language", b"sv"),
    *COMMON,
    (b"content-length", b"%d" % len(BODY)),
    (b"content-encoding", b"br"),
    (b"etag", TAG),
]
UNCHANGED = [*COMMON, (b"content-language", b"sv"), (b"etag", TAG)]
RECEIPT = [
    (b"content-type", b"text/html; charset=utf-8"),
    *COMMON,
    (b"location", b"/sv/arende/0123456789abcdef012345"),
    (b"content-length", b"0"),
]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Send the same to every client; the body of a POST is read and dropped."""
    if scope["type"] != "http":
        return
    status, headers, body = 200, PAGE, BODY
    if scope["method"] == "POST":
        while (await receive()).get("more_body"):
            pass
        status, headers, body = 303, RECEIPT, b""
    elif any(name == b"if-none-match" for name, _ in scope["headers"]):
        status, headers, body = 304, UNCHANGED, b""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
