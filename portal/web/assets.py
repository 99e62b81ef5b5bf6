"""Style sheets, scripts and images, under names that change with their content.

The style sheets are joined in the order of their layers; every file is served under a name that
carries its hash, so it may be kept for ever. While nodes are upgraded one after the other, a page
names files that other nodes do not have. Those lead to the plain name of the file, under which
each node serves its own (``without_hash``).
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from portal.web.headers import IMMUTABLE
from portal.web.resources import FAST_QUALITY, Resource, resource

PATH = "/static/"
STYLES = (
    "portal",
    "tokens",
    "reset",
    "base",
    "layouts/*",
    "components/*",
    "focus",
    "utilities",
    "print",
)
"""The files under ``css/`` of every page, in the order of the layers."""
STAFF_STYLES = ("staff/*",)
"""Further files, for pages of staff only, so that readers need not fetch them."""

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


class Assets:
    """The files of ``static/``, read once.

    Attributes:
        resources: by path.
    """

    def __init__(self, folder: Path) -> None:
        contents = {
            path.name: path.read_bytes()
            for part in ("js", "images")
            for path in sorted((folder / part).iterdir())
            if path.suffix in TYPES
        }
        contents["portal.css"] = styles(folder / "css")
        contents["staff.css"] = styles(folder / "css", STAFF_STYLES)
        self._paths = {name: _path(name, content) for name, content in contents.items()}
        self.resources: Mapping[str, Resource] = {
            self._paths[name]: resource(content, TYPES[Path(name).suffix], cache=IMMUTABLE)
            for name, content in contents.items()
        } | {
            PATH + name: resource(content, TYPES[Path(name).suffix], quality=FAST_QUALITY)
            for name, content in contents.items()
        }

    def __call__(self, name: str) -> str:
        """The path under which a file is served.

        Raises:
            KeyError: when there is no such file.
        """
        return self._paths[name]


def styles(folder: Path, patterns: tuple[str, ...] = STYLES) -> bytes:
    """Style sheets as one, in the order of the patterns that name them."""
    files = [path for pattern in patterns for path in sorted(folder.glob(f"{pattern}.css"))]
    return b"\n".join(path.read_bytes() for path in files)


def without_hash(path: str) -> str:
    """The path of a file under its plain name; any other path as it is."""
    return _HASHED.sub(r"\1\2", path)


_HASHED = re.compile(rf"^({PATH}[^/]+)\.[0-9a-f]{{12}}(\.[a-z]+)$")


def _path(name: str, content: bytes) -> str:
    stem, _, ending = name.rpartition(".")
    return f"{PATH}{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{ending}"
