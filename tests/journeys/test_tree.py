"""What a screen reader meets: each page's accessibility tree, in reading order, as text.

The trees under tests/journeys/trees/ are read by people when they change; a change
in what is heard shows up in a diff. `PORTAL_TEST_WRITE_TREES=1` writes them anew.
"""

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.conftest import Running
from tests.journeys.browsing import LANGUAGES, SLUGS, opened

TREES = Path(__file__).with_name("trees")
WRITE = bool(os.environ.get("PORTAL_TEST_WRITE_TREES"))
CHANGING = (
    (r"\b[A-Z2-9]{4}\s[A-Z2-9]{4}\b", "ABCD EFGH"),
    (r"http://127\.0\.0\.1:\d+", "https://skola.example"),
    (r"arende/[\w-]{33}", "arende/CODE"),
    (r"<time>.*?</time>|(?<=time: ).*", "TIME"),
)
"""What differs from one run to the next."""


async def heard(page: Page) -> str:
    tree = await page.locator("body").aria_snapshot()
    for pattern, steady in CHANGING:
        tree = re.sub(pattern, steady, tree)
    return tree + "\n"


async def compare(page: Page, tag: str, name: str) -> None:
    path = TREES / tag / f"{name}.txt"
    tree = await heard(page)
    if WRITE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(tree, "utf-8")
    assert tree == path.read_text("utf-8"), path.name


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_what_is_heard_has_not_changed(browser: Browser, portal: Running, tag: str) -> None:
    async with opened(browser, portal) as page:
        for slug in SLUGS:
            await page.goto(f"/{tag}/{slug}")
            await compare(page, tag, slug.replace("/", "-") or "start")


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_what_is_heard_of_other_states_has_not_changed(
    browser: Browser, portal: Running, tag: str
) -> None:
    async with opened(browser, portal) as page:
        await page.goto(f"/{tag}/finns-inte")
        await compare(page, tag, "state-missing")
        await page.goto(f"/{tag}/kontakt?kind=accessibility&page=ordlista")
        await page.get_by_role("button").last.click()
        await page.locator("#problems").wait_for()
        await compare(page, tag, "state-errors")
        await page.locator("#message").fill(f"Ett ord som hörs, {tag}")
        await page.locator("form button[type=submit]").last.click()
        await page.locator(".reference").wait_for()
        await compare(page, tag, "state-receipt")
        if tag != "sv":
            await page.goto(f"/{tag}/omraden/undervisning?bredvid=sv")
            await compare(page, tag, "state-alongside")


async def test_arabic_is_heard_as_swedish_is(browser: Browser, portal: Running) -> None:
    """The same roles in the same order: nothing is lost or added by a translation."""
    roles = re.compile(r"^\s*- ([a-z]+)", re.MULTILINE)
    async with opened(browser, portal) as page:
        for slug in SLUGS:
            found = {}
            for tag in ("en", "ar"):
                await page.goto(f"/{tag}/{slug}")
                found[tag] = [
                    role for role in roles.findall(await heard(page)) if role in {"heading", "link"}
                ]
            assert found["en"] == found["ar"], slug
