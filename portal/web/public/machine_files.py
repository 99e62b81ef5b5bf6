"""What programs ask for: robots.txt, sitemap.xml, security.txt."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from portal.web.public.pages import PAGES
from portal.web.resources import TEXT, Resource, resource

SECURITY_TXT_LASTS = timedelta(days=300)
"""RFC 9116 wants less than a year. It begins anew with each edition, so at each start."""


def machine_files(
    base_url: str, tags: Iterable[str], now: datetime
) -> dict[str, Callable[[], Resource]]:
    """What builds each file, by its address.

    Args:
        base_url: the portal's public address.
        tags: of all languages.
        now: security.txt expires some months after it.
    """
    expires = (now + SECURITY_TXT_LASTS).isoformat(timespec="seconds")
    xml = "application/xml; charset=utf-8"
    return {
        "/sitemap.xml": lambda: resource(sitemap(base_url, tags), xml),
        "/robots.txt": lambda: resource(robots(base_url), TEXT),
        "/.well-known/security.txt": lambda: resource(security(base_url, expires), TEXT),
    }


def sitemap(base_url: str, tags: Iterable[str]) -> str:
    """All pages, for search engines (sitemaps.org). Translations are named in each page's head."""
    entries = [
        f"<url><loc>{base_url}/{tag}/{page.slug}</loc></url>" for page in PAGES for tag in tags
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        + "\n".join(entries)
        + "</urlset>\n"
    )


def robots(base_url: str) -> str:
    """What search engines may read: not people's own cases, nor the inbox (RFC 9309)."""
    return (
        f"User-agent: *\nDisallow: /*/arende/\nDisallow: /inbox\nSitemap: {base_url}/sitemap.xml\n"
    )


def security(base_url: str, expires: str) -> str:
    """Where to report a vulnerability (RFC 9116).

    Args:
        base_url: the portal's public address.
        expires: when to stop trusting this text (RFC 3339).
    """
    return (
        f"Contact: {base_url}/sv/kontakt\n"
        f"Expires: {expires}\n"
        "Preferred-Languages: sv, en\n"
        f"Canonical: {base_url}/.well-known/security.txt\n"
    )
