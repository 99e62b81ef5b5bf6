"""The security headers of every response, and the values of Cache-Control.

Two things are elsewhere: the stricter Referrer-Policy of cases (``public.case``), and the
cookie of a session (``staff.access``).
"""

Headers = list[tuple[bytes, bytes]]

SECURITY: Headers = [
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
        b" connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), browsing-topics=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
"""On every response. With ``no-referrer``, browsers would send forms with ``Origin: null``, and
the guard would refuse those of browsers without Fetch Metadata."""

_SECURITY_NAMES = frozenset(name for name, _ in SECURITY)

REVALIDATE = "no-cache"
"""Caches may store the response, but must ask each time whether it has changed."""
IMMUTABLE = "public, max-age=31536000, immutable"
NO_STORE = "no-store"
PRIVATE = "private, no-cache"
"""For a person's own form: shared caches must not store it; the browser may, so that Back shows
what was typed (docs/decisions/0006)."""


def with_security(headers: Headers) -> Headers:
    """The headers, with every security header that they lack added."""
    names = {name for name, _ in headers}
    if names.isdisjoint(_SECURITY_NAMES):
        return headers + SECURITY
    return headers + [header for header in SECURITY if header[0] not in names]


def header_lines(headers: Headers) -> bytes:
    """Header fields as they go over the wire (RFC 9112, 5)."""
    return b"".join([b"%s: %s\r\n" % header for header in headers])
