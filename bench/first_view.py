"""What the first view of each page weighs: page, style sheet and scripts, by brotli.

14 600 bytes are the ten segments that a server may send before it hears from the
reader (RFC 6928): with them a page is there in three round trips.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.copies import grown
from portal.settings import Settings
from portal.web.edition import build
from portal.web.public.pages import HTML
from portal.web.resources import Resource

LIMIT = 14_600
GIVEN = {"DATABASE_URL": "sqlite:///:memory:", "PORTAL_SECRET_KEY": "k" * 32}


def run(folder: Path) -> Iterator[str]:
    """The heaviest pages, of our languages and of a hundred."""
    yield f"\nNo page may weigh more than {LIMIT:,} bytes; the heaviest:\n"
    yield "| languages | pages | page | bytes |"
    yield "|--:|--:|---|--:|"
    for languages, shown in ((3, 5), (100, 2)):
        print(f"» first view with {languages} languages", file=sys.stderr)
        locales = grown(folder / f"first-{languages}", languages, 0) / "locales"
        shelf = build(Settings.read(GIVEN), locales).resources
        weights = sorted(_weights(shelf), reverse=True)
        for weight, path in weights[:shown]:
            much = " (too much)" if weight > LIMIT else ""
            yield f"| {languages} | {len(weights):,} | {path} | {weight:,}{much} |"


def _weights(shelf: Mapping[str, Resource]) -> Iterator[tuple[int, str]]:
    for path, sheet in shelf.items():
        if _is_page(sheet) and "?saknas=" not in path:
            yield _weight(shelf, sheet), path


def _is_page(sheet: Resource) -> bool:
    return (b"content-type", HTML.encode()) in sheet.headers


def _weight(shelf: Mapping[str, Resource], sheet: Resource) -> int:
    fetched = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', sheet.text)
    return sum(len(_smallest(one)) for one in [sheet, *(shelf[path] for path in fetched)])


def _smallest(sheet: Resource) -> bytes:
    return min((body for _, body in sheet.bodies.values()), key=len)
