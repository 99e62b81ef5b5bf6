"""With the keyboard alone, every control can be reached in reading order, shows that it has
focus, and can be left again."""

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.conftest import Running
from tests.journeys.browsing import SEND, SLUGS, opened
from tests.journeys.conftest import FindCases
from tests.visitor import Visitor, words

LANGUAGES = ("sv", "ar")
"""One that is written from left to right, and one from right to left."""
ADDRESSES = [f"/{tag}/{slug}" for tag in LANGUAGES for slug in SLUGS]
THICK, CONTRAST = 3, 3
"""CSS pixels of an outline, and its contrast (WCAG 2.2, 2.4.7 and 1.4.11)."""
Stop = dict[str, Any]


@pytest.fixture(scope="module")
async def shared(browser: Browser, portal: Running) -> AsyncIterator[Page]:
    async with opened(browser, portal) as page:
        yield page


@pytest.fixture(scope="module", params=ADDRESSES)
async def walk(shared: Page, request: pytest.FixtureRequest) -> list[Stop]:
    """The stops of the Tab key on a page, from its beginning to its end."""
    await shared.goto(request.param)
    return await walked(shared)


async def walked(page: Page) -> list[Stop]:
    """Press Tab until focus leaves the page or starts over, or has had time to do so."""
    stops: list[Stop] = []
    for _ in range(await page.evaluate("measure.focusable().length") + 2):
        await page.keyboard.press("Tab")
        stop = await page.evaluate("measure.focus()")
        if stop is None or (stops and stop["index"] == 0):
            break
        stops.append(stop)
    return stops


async def test_tab_stops_at_every_control_once_in_document_order(
    walk: list[Stop], shared: Page
) -> None:
    assert len(walk) == await shared.evaluate("measure.focusable().length") > 10
    assert [stop["index"] for stop in walk] == [*range(len(walk))]


async def test_focus_is_visible_at_every_stop(walk: list[Stop]) -> None:
    assert [stop for stop in walk if not is_visible(stop)] == []


async def test_document_order_is_reading_order(walk: list[Stop], shared: Page) -> None:
    boxes = await shared.evaluate("measure.focusable().map(measure.box)")
    assert [pair for pair in pairwise(boxes) if not (is_below(*pair) or is_along(*pair))] == []

    # In one column, every stop must be below the one before it.
    await shared.set_viewport_size({"width": 360, "height": 720})
    boxes = await shared.evaluate("measure.focusable().map(measure.box)")
    await shared.set_viewport_size({"width": 1280, "height": 720})
    assert [pair for pair in pairwise(boxes) if not is_below(*pair)] == []


def is_below(former: Stop, latter: Stop) -> bool:
    """Whether a stop is on a later line than another, or further along on the same line."""
    shared_height = min(former["bottom"], latter["bottom"]) - max(former["top"], latter["top"])
    height = min(former["bottom"] - former["top"], latter["bottom"] - latter["top"])
    if shared_height > height / 2:
        return is_along(former, latter)
    return bool(latter["top"] + latter["bottom"] > former["top"] + former["bottom"])


def is_along(former: Stop, latter: Stop) -> bool:
    """Whether a stop begins where another one ends, or further along."""
    return bool(latter["start"] >= former["end"] - 1)


def is_visible(stop: Stop) -> bool:
    return bool(stop["outline"] >= THICK and stop["contrast"] >= CONTRAST and stop["uncovered"])


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_focus_is_visible_in_the_dark_scheme_too(tab: Page, tag: str) -> None:
    await tab.emulate_media(color_scheme="dark")
    await tab.goto(f"/{tag}/kontakt")
    assert [stop for stop in await walked(tab) if not is_visible(stop)] == []

    await tab.locator(SEND).press("Enter")
    await expect(tab.locator("#problems")).to_be_focused()
    assert is_visible(await tab.evaluate("measure.focus()"))


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_the_first_stop_skips_the_menu(tab: Page, tag: str) -> None:
    await tab.goto(f"/{tag}/")
    await tab.keyboard.press("Tab")
    await expect(tab.locator(".skip-link")).to_be_focused()
    await expect(tab.locator(".skip-link")).to_be_in_viewport()

    await tab.keyboard.press("Enter")
    await expect(tab.locator("#main")).to_be_focused()
    await expect(tab.locator(".skip-link")).not_to_be_in_viewport()
    await tab.keyboard.press("Tab")
    assert await tab.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_a_message_is_sent_by_keyboard_alone(
    tab: Page, tag: str, find_cases: FindCases
) -> None:
    text = f"السلام عليكم {uuid4()}"
    await tab.goto(f"/{tag}/")
    await tab_to(tab, tab.locator("main a.button"))
    await tab.keyboard.press("Enter")
    await tab.wait_for_url(f"**/{tag}/kontakt")

    # An empty form is refused: focus is on the problems, and a link leads to the field.
    await tab_to(tab, tab.locator(SEND))
    await tab.keyboard.press("Enter")
    await expect(tab.locator("#problems")).to_be_focused()
    await tab_to(tab, tab.get_by_role("alert").get_by_role("link"))
    await tab.keyboard.press("Enter")
    await expect(tab.locator("#message")).to_be_focused()
    await tab.keyboard.type(text)

    # The arrow keys make a choice, and Enter in a field sends the form.
    await tab.keyboard.press("Shift+Tab")
    await tab.keyboard.press("Shift+Tab")
    await expect(tab.locator("#kind-none")).to_be_focused()
    await tab.keyboard.press("Space")
    await tab.keyboard.press("ArrowUp")
    await tab.keyboard.press("ArrowUp")
    await tab_to(tab, tab.locator("#email"))
    await tab.keyboard.type("anna@skola.se")
    await tab.keyboard.press("Enter")
    await tab.wait_for_url("**/arende/*")
    (case,) = await find_cases(text)
    assert (case.kind, case.email) == ("praise", "anna@skola.se")


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_a_case_is_found_and_written_in_by_keyboard_alone(
    tab: Page, visitor: Visitor, tag: str
) -> None:
    receipt = await visitor.send(tag, message=f"hitta mig {uuid4()}")
    reference, code = [
        words(e) for e in receipt.all("dd") if e.get("class") in {"reference", "code"}
    ]
    await tab.goto(f"/{tag}/")
    await tab_to(tab, tab.locator(".menu a[href$='/arende']"))
    await tab.keyboard.press("Enter")
    await tab.wait_for_url(f"**/{tag}/arende")
    await tab_to(tab, tab.locator("#reference"))
    await tab.keyboard.type(reference.lower())
    await tab.keyboard.press("Tab")
    await tab.keyboard.type(code)
    await tab.keyboard.press("Enter")
    await tab.wait_for_url("**/arende/*")

    text = f"mer {uuid4()}"
    await tab_to(tab, tab.locator("#message"))
    await tab.keyboard.type(text)
    await tab_to(tab, tab.locator(SEND))
    await tab.keyboard.press("Enter")
    await expect(tab.locator("#skrivet")).to_be_focused()
    assert is_visible(await tab.evaluate("measure.focus()"))
    await expect(tab.get_by_text(text)).to_be_visible()
    await tab.set_viewport_size({"width": 1280, "height": 1000})  # the whole field is in it
    assert [stop for stop in await walked(tab) if not is_visible(stop)] == []


async def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until an element has focus."""
    for _ in range(await page.evaluate("measure.focusable().length")):
        await page.keyboard.press("Tab")
        if await target.evaluate("target => target === document.activeElement"):
            return
    await expect(target).to_be_focused()
