"""Pages adapt to narrow windows, the text spacing and colours of the reader, touch, print and
both writing directions."""

from collections.abc import AsyncIterator, Iterable
from typing import Any, Literal

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.conftest import Running
from tests.journeys.browsing import LANGUAGES, SEND, SLUGS, opened
from tests.records import add_answer
from tests.visitor import Visitor

NARROW, WIDE = 320, 1280
"""CSS pixels; the first is WCAG 2.2, 1.4.10."""
SMALLEST_TARGET = 44
"""CSS pixels: WCAG 2.2, 2.5.5 (AAA)."""
TEXT_CONTRAST, GRAPHICS_CONTRAST = 4.5, 3
"""Contrast of text and of graphics: WCAG 2.2, 1.4.3 and 1.4.11."""

PAPER = "getComputedStyle(document.documentElement).color"

REPORT = "kontakt?kind=accessibility&page=omraden/skolenhetsutredningen"
ADDRESSES = [
    *(f"/{tag}/{slug}" for tag in LANGUAGES for slug in (*SLUGS, REPORT, "finns-inte")),
    *(f"/{tag}/{slug}?bredvid=sv" for tag in ("en", "ar") for slug in ("", "kontakt", "ordlista")),
]
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
FORCED: tuple[Literal["none", "active"], ...] = ("none", "active")


@pytest.fixture(scope="module")
async def shared(browser: Browser, portal: Running) -> AsyncIterator[Page]:
    async with opened(browser, portal) as page:
        yield page


@pytest.fixture(scope="module", params=ADDRESSES)
async def visited(shared: Page, request: pytest.FixtureRequest) -> Page:
    """Each page in turn, opened once for all tests that measure it."""
    await shared.goto(request.param)
    return shared


@pytest.fixture
async def wide(visited: Page) -> Page:
    return await fitted(visited, WIDE)


@pytest.fixture
async def narrow(visited: Page) -> Page:
    return await fitted(visited, NARROW)


async def fitted(page: Page, width: int) -> Page:
    """Set the width of the window, and undo what another test has set."""
    await page.emulate_media(media="screen", forced_colors="none", color_scheme="light")
    await page.evaluate("measure.spread(false)")
    if page.viewport_size != (size := ViewportSize(width=width, height=720)):
        await page.set_viewport_size(size)
    return page


async def test_a_wide_window_needs_no_horizontal_scrolling(wide: Page) -> None:
    await check_width(wide, WIDE)


async def test_a_narrow_window_needs_no_horizontal_scrolling(narrow: Page) -> None:
    await check_width(narrow, NARROW)

    # Nor is any needed with the text spacing of WCAG 2.2, 1.4.12.
    await narrow.evaluate("measure.spread(true)")
    await check_width(narrow, NARROW)


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_errors_and_the_longest_words_fit_a_narrow_window(
    tab: Page, records: sa.Connection, tag: str
) -> None:
    await tab.set_viewport_size({"width": NARROW, "height": 640})
    await tab.goto(f"/{tag}/kontakt")
    await tab.fill("#message", tag + "å" * 300)
    await tab.fill("#email", "@")
    await tab.click(SEND)
    await tab.wait_for_selector("#problems")
    await check_width(tab, NARROW)

    await tab.fill("#email", "namn." * 12 + "namn@" + "skola." * 20 + "se")
    await tab.click(SEND)
    await tab.wait_for_selector(".receipt")
    await check_width(tab, NARROW)

    longest = "skolplikt" * 30 if tag == "sv" else "ا" * 300
    add_answer(records, tab.url, swedish=longest, translated=longest, language="ar")
    for reading in ("", "?bredvid=sv"):
        await tab.goto(tab.url.partition("?")[0] + reading)
        await check_width(tab, NARROW)
        targets = await tab.evaluate("measure.targets()")
        assert min(min(t["width"], t["height"]) for t in targets) >= SMALLEST_TARGET


async def test_a_case_is_printed_with_all_that_opens_it_again_and_without_its_form(
    tab: Page, visitor: Visitor, records: sa.Connection
) -> None:
    receipt = await visitor.send("ar", message="اطبعوني")
    add_answer(records, str(receipt.response.url), swedish="Svar.", translated="رد.", language="ar")
    await tab.goto(str(receipt.response.url))
    for scheme in SCHEMES:
        await tab.emulate_media(media="print", color_scheme=scheme)
        for printed in (".reference", ".code", ".answer [lang=sv]", ".answer [lang=ar]"):
            await expect(tab.locator(printed)).to_be_visible()
        await expect(tab.locator("main form")).to_be_hidden()
        assert lost(await tab.evaluate("measure.texts()")) == []


async def check_width(page: Page, width: int) -> None:
    assert await page.evaluate("measure.beyond()") == []
    assert await page.evaluate("document.scrollingElement.scrollWidth") <= width


async def test_every_target_is_large_enough_for_touch(narrow: Page) -> None:
    targets = await narrow.evaluate("measure.targets()")
    assert len(targets) > 10
    assert [
        target for target in targets if min(target["width"], target["height"]) < SMALLEST_TARGET
    ] == []


async def test_no_word_is_broken_without_a_hyphen(narrow: Page) -> None:
    assert await narrow.evaluate("measure.broken()") == []
    assert await narrow.evaluate("measure.clipped()") == []


async def test_every_text_is_visible_in_forced_colours(narrow: Page) -> None:
    usual = await narrow.evaluate("measure.texts()")
    for scheme in SCHEMES:
        await narrow.emulate_media(forced_colors="active", color_scheme=scheme)
        forced = await narrow.evaluate("measure.texts()")
        assert written(forced) == written(usual)
        assert lost(forced) == []


async def test_print_has_the_text_and_no_navigation(narrow: Page) -> None:
    usual = await narrow.evaluate("measure.texts()")
    for scheme in SCHEMES:
        await narrow.emulate_media(media="print", color_scheme=scheme)
        printed = await narrow.evaluate("measure.texts()")
        assert written(printed) == written(piece for piece in usual if not piece["pressed"])
        assert lost(printed) == []
        assert await narrow.evaluate(PAPER) == "rgb(0, 0, 0)"
    assert await narrow.locator("nav").count() > 1
    assert await narrow.locator("nav:visible").count() == 0


def written(pieces: Iterable[dict[str, Any]]) -> list[str]:
    return [piece["text"] for piece in pieces]


def lost(pieces: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [piece for piece in pieces if not piece["visible"] or piece["contrast"] < TEXT_CONTRAST]


@pytest.mark.parametrize("address", ["/sv/", "/ar/personuppgifter"])
async def test_list_items_have_visible_markers(tab: Page, address: str) -> None:
    await tab.goto(address)
    for scheme in SCHEMES:
        for forced in FORCED:
            await tab.emulate_media(forced_colors=forced, color_scheme=scheme)
            await check_marks(tab)
    await tab.emulate_media(media="print", forced_colors="none", color_scheme="light")
    await check_marks(tab)


async def check_marks(page: Page) -> None:
    marks = await page.evaluate("measure.marks()")
    assert len(marks) > 3
    assert min(marks) >= GRAPHICS_CONTRAST


async def test_arabic_mirrors_swedish(tab: Page) -> None:
    parts = (".brand", ".menu a", ".pictogram")
    await tab.goto("/sv/")
    swedish = [await edges(tab, part) for part in parts]
    await tab.goto("/ar/")
    arabic = [await edges(tab, part) for part in parts]

    for (left, _), (_, right) in zip(swedish, arabic, strict=True):
        assert left == pytest.approx(right, abs=1)
        assert left < WIDE / 4
    assert (await edges(tab, ".language-list"))[0] < WIDE / 4


async def edges(page: Page, selector: str) -> tuple[float, float]:
    """The distance of an element to the left and to the right edge of the window."""
    box = await page.locator(selector).first.bounding_box()
    assert box
    return box["x"], WIDE - box["x"] - box["width"]


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_a_telephone_number_reads_from_left_to_right(tab: Page, tag: str) -> None:
    await tab.goto(f"/{tag}/kontakt")
    numbers = await tab.locator(".phone").all()
    assert len(numbers) > 2
    for number in numbers:
        places = await number.evaluate("number => measure.positions(number)")
        assert len(places) == len("031-365 09 60")
        assert places == sorted(places)
