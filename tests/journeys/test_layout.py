"""The layout of pages: a phone's first view, help beside the text, Swedish beside a translation."""

import shutil
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from portal.i18n.templates import LOCALES
from portal.translators import merging
from tests.conftest import Running, running
from tests.journeys.browsing import LANGUAGES, SEND, SLUGS, opened

PHONE = {"width": 320, "height": 568}
WIDE = {"width": 1280, "height": 900}
LEVEL = 2
"""CSS pixels between what stands side by side."""


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_the_header_leaves_a_phone_to_the_text(
    browser: Browser, portal: Running, tag: str
) -> None:
    async with opened(browser, portal, viewport=PHONE) as page:
        for slug in SLUGS:
            await page.goto(f"/{tag}/{slug}")
            assert (await box(page, "header"))["height"] <= PHONE["height"] / 3, slug
            languages = page.locator(".language-list li")
            tops = [await item.evaluate("li => li.offsetTop") for item in await languages.all()]
            assert len(tops) == len(LANGUAGES)
            assert len(set(tops)) == 1, slug


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_help_stands_beside_a_page_of_text(
    browser: Browser, portal: Running, tag: str
) -> None:
    async with opened(browser, portal, viewport=WIDE) as page:
        await page.goto(f"/{tag}/personuppgifter")
        text, aside = await box(page, "main"), await box(page, "aside")
        assert aside["y"] < text["y"] + text["height"] / 4
        assert aside["x"] + aside["width"] <= text["x"] or text["x"] + text["width"] <= aside["x"]

        # Where there is no room beside the text, and beside cards, it stands below.
        await page.goto(f"/{tag}/")
        assert await stands_below(page)
        await page.goto(f"/{tag}/personuppgifter")
        await page.set_viewport_size({"width": 800, "height": 900})
        assert await stands_below(page)


@pytest.mark.parametrize("tag", ["en", "ar"])
async def test_swedish_stands_beside_each_text_in_one_column(
    browser: Browser, portal: Running, tag: str
) -> None:
    async with opened(browser, portal, viewport=WIDE) as page:
        for slug in SLUGS:
            await page.goto(f"/{tag}/{slug}?bredvid=sv")
            pairs = await page.evaluate("measure.pairs()")
            assert len(pairs) > 5
            assert [pair for pair in pairs if not is_level(pair)] == []
            # The column, and the same column inside a box or the edge of one.
            starts = sorted(pair["start"] for pair in pairs)
            assert starts[-1] - starts[0] <= 32, slug
            assert len([*groupby(starts, key=round)]) <= 4
            assert await stands_below(page)
            assert await page.evaluate("measure.broken()") == []


def is_level(pair: dict[str, Any]) -> bool:
    return bool(pair["apart"] and abs(pair["own"] - pair["swedish"]) <= LEVEL)


async def test_on_a_phone_swedish_stands_below_each_text(browser: Browser, portal: Running) -> None:
    async with opened(browser, portal, viewport=PHONE) as page:
        await page.goto("/ar/klagomal?bredvid=sv")
        pairs = await page.evaluate("measure.pairs()")
        assert [pair for pair in pairs if pair["apart"] or pair["swedish"] <= pair["own"]] == []


async def test_each_paragraph_of_a_message_stands_in_its_own_direction(tab: Page) -> None:
    await tab.goto("/sv/kontakt")
    await tab.fill("#message", "Hej\nالسلام عليكم")
    await tab.click(SEND)
    await expect(tab.locator(".reference")).to_be_visible()
    words = tab.locator(".own-words")
    swedish, arabic = await words.evaluate(
        """words => {
          const box = words.getBoundingClientRect();
          const range = new Range();
          range.selectNodeContents(words);
          return [...range.getClientRects()].filter((line) => line.width > 1)
            .map((line) => [line.left - box.left, box.right - line.right]);
        }"""
    )
    assert swedish[0] == pytest.approx(arabic[1], abs=1)
    assert swedish[0] < swedish[1]
    assert arabic[1] < arabic[0]


async def test_each_language_has_its_own_font_and_leading(browser: Browser, tmp_path: Path) -> None:
    """Urdu is written in Nastaliq, Arabic in Naskh; ``catalogs add`` is all that either needs."""
    locales = shutil.copytree(LOCALES, tmp_path / "locales", ignore=shutil.ignore_patterns("ur"))
    merging.add(locales, "ur")
    with running(tmp_path, locales) as portal:
        async with opened(browser, portal, viewport=PHONE) as page:
            await page.goto("/ur/kontakt")
            for element in await page.locator("body, h1, h2, h3").all():
                assert await typography(element) == ("Noto Nastaliq Urdu", 2.2)
            assert (await typography(page.locator(".brand")))[1] == 1.3
            assert (await box(page, "header"))["height"] <= PHONE["height"] / 3
            assert await typography(page.locator("p > [lang=sv]").first) == ("system-ui", 1.6)
            assert await typography(page.locator("h1 > [lang=sv]")) == ("system-ui", 1.3)
            assert await page.evaluate("measure.clipped()") == []
            await page.fill("#message", "السلام علیکم")
            await page.click(SEND)
            await page.locator(".reference").wait_for()
            await page.goto(page.url.replace("/ur/", "/sv/"))
            assert await typography(page.locator("h1")) == ("system-ui", 1.3)
            own_words = page.locator(".own-words")
            assert await typography(own_words) == ("Noto Nastaliq Urdu", 2.2)
            await own_words.evaluate("words => words.lang = 'ar'")
            assert await typography(own_words) == ("Segoe UI", 1.85)
            await own_words.evaluate("words => { words.lang = 'ks-Deva'; words.dir = 'ltr' }")
            assert await typography(own_words) == ("system-ui", 1.6)
            for tag, leading in (("ur", 2.2), ("ar", 1.85), ("en", 1.6)):
                link = page.locator(f".language-list [lang={tag}]")
                assert (await typography(link))[1] == leading
            await page.goto("/sv/")
            link = page.locator(".language-list [lang=ur]")
            name_box = await text_box(link)
            note_box = await link.locator("span").first.bounding_box()
            assert note_box
            assert name_box["x"] - (note_box["x"] + note_box["width"]) > LEVEL
            await page.goto("/sv/sprak")
            assert (await box(page, "main a[lang=ur]"))["width"] >= 44
            starts = [
                (await text_box(page.locator(f"main a[lang={tag}]")))["x"]
                for tag in ("en", "ar", "ur")
            ]
            assert max(starts) - min(starts) < LEVEL


async def typography(element: Locator) -> tuple[str, float]:
    """The first font of an element, and its line height as a multiple of the font size."""
    font, leading = await element.evaluate(
        """element => {
          const { fontFamily, fontSize, lineHeight } = getComputedStyle(element);
          return [fontFamily.split(",")[0], parseFloat(lineHeight) / parseFloat(fontSize)];
        }"""
    )
    return font.strip('"'), round(leading, 2)


async def text_box(element: Locator) -> dict[str, float]:
    """Where the first text of an element stands, and its size."""
    rectangle: dict[str, float] = await element.evaluate(
        """element => {
          const range = new Range();
          range.selectNodeContents(element.firstChild);
          return range.getBoundingClientRect().toJSON();
        }"""
    )
    return rectangle


async def stands_below(page: Page) -> bool:
    """Whether help stands below the text."""
    text, aside = await box(page, "main"), await box(page, "aside")
    return aside["y"] >= text["y"] + text["height"]


async def box(page: Page, selector: str) -> dict[str, float]:
    """Where an element stands, and its size."""
    rectangle: dict[str, float] = await page.locator(selector).evaluate(
        "element => element.getBoundingClientRect().toJSON()"
    )
    return rectangle
