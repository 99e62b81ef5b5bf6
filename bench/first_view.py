"""What the first view of each page weighs: page, style sheet and scripts, by brotli.

14 600 bytes are the ten segments that a server may send before it hears from the
reader (RFC 6928): with them a page is there in three round trips.
"""

import re
from collections.abc import Iterator, Mapping

from portal.settings import Settings
from portal.web.edition import print_edition
from portal.web.pages import HTML
from portal.web.shelf import Sheet

LIMIT = 14_600
GIVEN = {"DATABASE_URL": "sqlite:///:memory:", "PORTAL_SECRET_KEY": "k" * 32}


def run() -> Iterator[str]:
    """The heaviest pages."""
    shelf = print_edition(Settings.read(GIVEN)).shelf
    weights = sorted(
        ((_weight(shelf, sheet), path) for path, sheet in shelf.items() if _is_page(sheet)),
        reverse=True,
    )
    yield f"\n{len(weights)} pages, at most {LIMIT:,} bytes each; the heaviest:\n"
    yield "| page | bytes |"
    yield "|---|--:|"
    for weight, path in weights[:5]:
        yield f"| {path} | {weight:,}{' (too much)' if weight > LIMIT else ''} |"


def _is_page(sheet: Sheet) -> bool:
    return (b"content-type", HTML.encode()) in sheet.bodies[""][0]


def _weight(shelf: Mapping[str, Sheet], sheet: Sheet) -> int:
    fetched = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', sheet.text)
    return sum(len(_smallest(one)) for one in [sheet, *(shelf[path] for path in fetched)])


def _smallest(sheet: Sheet) -> bytes:
    return min((body for _, body in sheet.bodies.values()), key=len)
