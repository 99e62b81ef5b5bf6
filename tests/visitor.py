"""A client that checks every page that it fetches.

A test that does no more than open a page has thereby checked that the page is sound: it
parses without an error, states its language and direction, has one main heading and skips
no level, labels its fields, refers to no missing id, loads nothing from elsewhere and sets
no cookie.
"""

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from xml.etree.ElementTree import Element

import html5lib
import httpx2
from babel import Locale, UnknownLocaleError

from portal.i18n.languages import language

HEADERS = {
    "content-security-policy": "default-src 'none'",
    "strict-transport-security": "max-age=63072000",
    "x-content-type-options": "nosniff",
    "referrer-policy": "",
    "permissions-policy": "camera=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
LEAKS = ("${", "{{", "}}", "%(", "undefined", "coordinates")
"""Text that shows how a page is made, as the page did that this portal replaces."""


@dataclass(frozen=True)
class Visit:
    """A page that was fetched: the response, and its parsed content."""

    response: httpx2.Response
    root: Element

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def title(self) -> str:
        return words(self.only("title"))

    @property
    def heading(self) -> str:
        return words(self.only("h1"))

    @property
    def text(self) -> str:
        """The text of the whole page."""
        return words(self.only("body"))

    @property
    def language(self) -> str:
        return self.root.get("lang", "")

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Every element with a tag and attributes; ``_`` in a name stands for ``-``."""
        expected = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.root.iter(tag)
            if all(element.get(name) == value for name, value in expected.items())
        ]

    def only(self, tag: str, **attributes: str) -> Element:
        """The single element with a tag and attributes; there must be no other."""
        (element,) = self.all(tag, **attributes)
        return element

    def links(self) -> list[str]:
        """The addresses of all links on the page."""
        return [link.get("href", "") for link in self.root.iter("a")]


class Visitor:
    """Fetches pages from a portal, and checks them."""

    def __init__(self, address: str) -> None:
        self.address = address
        # Nothing is encrypted here, and reading all authorities' certificates takes 90 ms.
        self.client = httpx2.AsyncClient(base_url=address, timeout=20, verify=False)

    async def get(self, path: str, status: int = 200, **headers: str) -> Visit:
        """Fetch a page and check it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return checked(await self.client.get(path, headers=named), status)

    async def post(self, path: str, fields: dict[str, str], status: int = 422) -> Visit:
        """Send a form as browsers do, and check the page in the response."""
        return checked(await self.client.post(path, files=parts(fields)), status)

    async def send(self, language: str = "sv", **fields: str) -> Visit:
        """Send a message, follow the redirect to its receipt, and check that."""
        answer = await self.client.post(f"/{language}/kontakt", files=parts(fields))
        assert answer.status_code == 303, answer.text
        return await self.get(answer.headers["location"])


def parts(fields: dict[str, str]) -> dict[str, tuple[None, str]]:
    """Fields for multipart/form-data, as the form of the portal sends them."""
    return {name: (None, value) for name, value in fields.items()}


def words(element: Element) -> str:
    """The text of an element as it is read: white space collapsed, without soft hyphens."""
    return " ".join("".join(element.itertext()).replace("\N{SOFT HYPHEN}", "").split())


def checked(response: httpx2.Response, status: int) -> Visit:
    """Check a page and return it."""
    assert response.status_code == status, f"{response.status_code} {response.url}"
    check_headers(response)
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    root = parser.parse(response.text)
    visit = Visit(response, root)
    for check in (
        check_language,
        check_headings,
        check_ids,
        check_names,
        check_sources,
        check_landmarks,
        check_words,
    ):
        check(visit)
    return visit


def check_headers(response: httpx2.Response) -> None:
    for name, start in HEADERS.items():
        assert response.headers[name].startswith(start), name
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "accept-encoding" in response.headers["vary"].lower()
    assert "set-cookie" not in response.headers
    assert "server" not in response.headers


def direction(tag: str) -> str:
    """The direction of a language by Babel, which lacks some that the portal can have."""
    try:
        return Locale.parse(tag, sep="-").text_direction
    except UnknownLocaleError:
        return language(tag).direction


def check_language(visit: Visit) -> None:
    assert visit.root.get("dir") == direction(visit.language)
    assert visit.response.headers["content-language"] == visit.language
    for element in visit.root.iter():
        if tag := element.get("lang"):
            assert element is visit.root or element.get("dir") in {direction(tag), "auto"}, tag


def check_headings(visit: Visit) -> None:
    levels = [int(e.tag[1]) for e in visit.root.iter() if re.fullmatch("h[1-6]", str(e.tag))]
    assert levels.count(1) == 1
    # An error summary comes before the main heading, with a heading that names the alert.
    rest = levels[levels.index(1) :]
    assert all(after - before <= 1 for before, after in pairwise(rest)), levels
    assert visit.heading
    assert visit.title.count("–") == 1


def check_ids(visit: Visit) -> None:
    ids = Counter(e.get("id") for e in visit.root.iter() if e.get("id"))
    assert not [name for name, count in ids.items() if count > 1]
    for element in visit.root.iter():
        for attribute in ("aria-labelledby", "aria-describedby", "for"):
            for name in element.get(attribute, "").split():
                assert name in ids, f"{attribute}={name}"
        href = element.get("href", "")
        assert not href.startswith("#") or href[1:] in ids, href


def check_names(visit: Visit) -> None:
    labelled = {label.get("for") for label in visit.root.iter("label")}
    for tag in ("input", "textarea", "select"):
        for field in visit.root.iter(tag):
            assert field.get("type") == "hidden" or field.get("id") in labelled
    for element in visit.root.iter():
        assert element.get("aria-label") is None
        assert element.get("style") is None
        assert not [name for name in element.attrib if str(name).startswith("on")]
        if element.tag in {"a", "button", "legend", "label"}:
            assert words(element), element.attrib


def check_sources(visit: Visit) -> None:
    """Nothing is loaded from elsewhere, and no script or style is inline."""
    for element in visit.root.iter():
        assert element.get("src", "/").startswith("/")
        if element.tag == "script":
            assert element.get("src")
            assert not element.text
        assert element.tag not in {"style", "iframe", "object", "embed"}
    for link in visit.root.iter("link"):
        if link.get("rel") in {"stylesheet", "icon"}:
            assert link.get("href", "").startswith("/static/")


def check_landmarks(visit: Visit) -> None:
    assert len(list(visit.root.iter("main"))) == 1
    named = [nav.get("aria-labelledby", "") for nav in visit.root.iter("nav")]
    assert len(set(named)) == len(named) > 1
    first = next(visit.root.iter("a"))
    assert first.get("href") == "#main"
    assert visit.only("main").get("tabindex") == "-1"


def check_words(visit: Visit) -> None:
    # A soft hyphen is for the eye: titles and attributes have other readers.
    attributes = [value for element in visit.root.iter() for value in element.attrib.values()]
    assert "\N{SOFT HYPHEN}" not in "".join([*visit.only("title").itertext(), *attributes])
    for leak in LEAKS:
        assert leak not in visit.text, leak
    assert not re.search(r"\bNone\b", visit.text)
