"""What a screen reader presents: the accessibility tree of each page, in reading order, as text.

People read the stored trees in ``tests/journeys/trees`` when they change. The file of a page
has its ``main``. The frame around it is stored once for each language, as on the start page,
and ``frame_on`` derives the frame of any other page from it; so the whole tree of every page is
compared. ``PORTAL_TEST_WRITE_TREES=1`` writes the files anew.
"""

import os
import re
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, Page

from tests.conftest import Running
from tests.journeys.browsing import LANGUAGES, SEND, SLUGS, opened
from tests.records import add_answer

TREES = Path(__file__).with_name("trees")
WRITE = bool(os.environ.get("PORTAL_TEST_WRITE_TREES"))
VARYING = (
    (r"\b[A-Z2-9]{4}\s[A-Z2-9]{4}\b", "ABCD EFGH"),
    (r"http://127\.0\.0\.1:\d+", "https://skola.example"),
    (r"\b[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{5}\b", "ABCD-EFGH-JKLMN"),
    (r"arende/[A-Z2-9]{8}-[\w-]{22}", "arende/CODE"),
    (r"\d+ \w+ 20\d\d \w+ \d\d:\d\d", "TIME"),
    (r"<time>.*?</time>|(?<=time: ).*", "TIME"),
)
"""What differs from run to run, and what replaces it."""
MAIN = re.compile(r"^- main:\n(?:  .*\n)+", re.MULTILINE)
WRONGLY_MARKED = """
    [...document.querySelectorAll("nav a")]
      .filter((link) => (link.href === location.href) !== (link.ariaCurrent === "page"))
      .map((link) => link.textContent)
"""
"""Finds menu links to the page itself without aria-current, and other links with it."""


async def check_tree(page: Page, tag: str, name: str, slug: str, **kind: bool) -> None:
    """Compare the tree of an open page with the stored one.

    Args:
        page: the open page.
        tag: of its language.
        name: of the stored file.
        slug: the page that the links of the frame lead to.
        kind: of page, as in ``frame_on``.
    """
    tree = await page.locator("body").aria_snapshot() + "\n"
    for pattern, constant in VARYING:
        tree = re.sub(pattern, constant, tree)
    (main,) = MAIN.findall(tree)
    frame = tree.replace(main, "- main\n")
    if WRITE:
        (TREES / tag).mkdir(parents=True, exist_ok=True)
        path_of(tag, name).write_text(main, "utf-8")
        if name == "start":
            path_of(tag, "frame").write_text(frame, "utf-8")
    assert main == path_of(tag, name).read_text("utf-8")
    assert frame == frame_on(path_of(tag, "frame").read_text("utf-8"), tag, slug, **kind)
    assert await page.evaluate(WRONGLY_MARKED) == []


def path_of(tag: str, name: str) -> Path:
    return TREES / tag / f"{name}.txt"


def frame_on(
    start: str,
    tag: str,
    slug: str,
    *,
    form: bool = False,
    private: bool = False,
    alongside: bool = False,
) -> str:
    """The frame of a page, from the frame of the start page in the same language.

    Args:
        start: the frame of the start page.
        tag: of the language.
        slug: of the page, which the list of languages and the link that reports a fault lead to.
        form: the list of languages consists of buttons, which keep what was typed.
        private: the page belongs to one reader, and has no link that reports a fault.
        alongside: Swedish is shown alongside, and all links but the one to Swedish keep that.
    """
    frame = re.sub(rf"(/url: /(?!{tag}/)[\w-]+/)$", rf"\1{slug}", start, flags=re.MULTILINE)
    frame = frame.replace("&page=\n", f"&page={quote(slug, safe='')}\n")
    if form:
        frame = re.sub(rf"link (.*):\n *- /url: /(?!{tag}/)[\w-]+/.*", r"button \1", frame)
    if private:
        frame = re.sub(r"      - listitem:\n.*\n.*&page=.*\n", "", frame)
    if alongside:
        frame = re.sub(r"(/url: /(?!sv/)[^?\n]*)$", r"\1?bredvid=sv", frame, flags=re.MULTILINE)
        frame = frame.replace("?kind=", "?bredvid=sv&kind=")
    return frame


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_the_tree_of_each_page_is_as_stored(
    browser: Browser, portal: Running, tag: str
) -> None:
    async with opened(browser, portal) as page:
        for slug in SLUGS:
            await page.goto(f"/{tag}/{slug}")
            name = slug.replace("/", "-") or "start"
            await check_tree(page, tag, name, slug, form=slug in {"kontakt", "arende"})


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_the_tree_of_each_other_state_is_as_stored(
    browser: Browser, portal: Running, records: sa.Connection, tag: str
) -> None:
    async with opened(browser, portal) as page:
        await page.goto(f"/{tag}/finns-inte")
        await check_tree(page, tag, "state-missing", "", private=True)

        await page.goto(f"/{tag}/kontakt?kind=accessibility&page=ordlista")
        await page.click(SEND)
        await page.locator("#problems").wait_for()
        await check_tree(page, tag, "state-errors", "kontakt", form=True)

        await page.fill("#message", f"Ett ord som hörs, {tag}")
        await page.click(SEND)
        await page.locator(".reference").wait_for()
        await check_tree(page, tag, "state-receipt", "arende/CODE", form=True, private=True)

        add_answer(records, page.url, swedish="Ja.", translated="نعم.", language="ar")
        await page.reload()
        await check_tree(page, tag, "state-answered", "arende/CODE", form=True, private=True)

        await page.fill("#message", f"Och ett till, {tag}")
        await page.click(SEND)
        await page.locator("#skrivet").wait_for()
        await check_tree(page, tag, "state-written", "arende/CODE", form=True, private=True)


@pytest.mark.parametrize("tag", ["en", "ar"])
async def test_the_tree_with_swedish_alongside_is_as_stored(
    browser: Browser, portal: Running, tag: str
) -> None:
    slug = "omraden/undervisning"
    async with opened(browser, portal) as page:
        await page.goto(f"/{tag}/{slug}?bredvid=sv")
        await check_tree(page, tag, "state-alongside", slug, alongside=True)


def test_arabic_trees_have_the_roles_of_the_english_ones() -> None:
    """The same roles in the same order: no translation adds or removes an element."""
    # In the list of languages, the item of the present one has no link.
    roles = re.compile(r"^ *- (?!listitem)([a-z]+)", re.MULTILINE)
    english, arabic = (
        {path.name: roles.findall(path.read_text("utf-8")) for path in (TREES / tag).iterdir()}
        for tag in ("en", "ar")
    )
    assert english == arabic
