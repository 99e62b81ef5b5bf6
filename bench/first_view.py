"""What the first view of each page weighs: page, style sheets and scripts, compressed by brotli.

14,600 bytes are the ten segments that a server may send before the client acknowledges any
(RFC 6928). A page within that limit arrives in three round trips.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.copies import grown_copy
from portal.settings import Settings
from portal.web.edition import build
from portal.web.public.pages import HTML
from portal.web.resources import Resources

LIMIT = 14_600
ENVIRONMENT = {"DATABASE_URL": "sqlite:///:memory:", "PORTAL_SECRET_KEY": "k" * 32}


def run(folder: Path) -> Iterator[str]:
    """The heaviest pages with the present languages, and with a hundred."""
    yield f"\nNo page may weigh more than {LIMIT:,} bytes; the heaviest:\n"
    yield "| languages | pages | page | bytes |"
    yield "|--:|--:|---|--:|"
    for languages, shown in ((3, 5), (100, 2)):
        print(f"» first view with {languages} languages", file=sys.stderr)
        locales = grown_copy(folder / f"first-{languages}", languages, 0) / "locales"
        resources = build(Settings.read(ENVIRONMENT), locales).resources
        weights = sorted(_weights(resources), reverse=True)
        for weight, path in weights[:shown]:
            excess = " (too much)" if weight > LIMIT else ""
            yield f"| {languages} | {len(weights):,} | {path} | {weight:,}{excess} |"


def _weights(resources: Resources[str]) -> Iterator[tuple[int, str]]:
    """The bytes of each page with its style sheets and scripts, and its path."""
    for path in resources:
        page = resources.built(path)
        if (b"content-type", HTML.encode()) in page.headers and "?saknas=" not in path:
            fetched = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page.text)
            parts = [page, *map(resources.built, fetched)]
            yield sum(min(map(len, part.bodies.values())) for part in parts), path
