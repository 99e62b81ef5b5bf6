"""The keyboard alone: everything can be reached, in the order in which it is read, is seen when
it is reached, and can be left again."""

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.conftest import Running
from tests.journeys.browsing import SEND, SLUGS, opened
from tests.journeys.conftest import Kept

LANGUAGES = ("sv", "ar")
"""One that is read from the left and one that is read from the right."""
ADDRESSES = [f"/{tag}/{slug}" for tag in LANGUAGES for slug in SLUGS]
THICK, NOTICEABLE = 3, 3
"""CSS pixels of an outline, and its contrast (WCAG 2.2, 2.4.7 and 1.4.11)."""
Stop = dict[str, Any]


@pytest.fixture(scope="module")
async def shared(browser: Browser, portal: Running) -> AsyncIterator[Page]:
    async with opened(browser, portal) as page:
        yield page


@pytest.fixture(scope="module", params=ADDRESSES)
async def walk(shared: Page, request: pytest.FixtureRequest) -> list[Stop]:
    """Where Tab stops on a page, from its beginning until it leaves the page."""
    await shared.goto(request.param)
    return await walked(shared)


async def walked(page: Page) -> list[Stop]:
    """Press Tab until focus leaves the page or begins anew, and a little longer if it does not."""
    stops: list[Stop] = []
    for _ in range(await page.evaluate("measure.focusable().length") + 2):
        await page.keyboard.press("Tab")
        stop = await page.evaluate("measure.focus()")
        if stop is None or (stops and stop["index"] == 0):
            break
        stops.append(stop)
    return stops


async def test_tab_meets_everything_once_in_the_order_of_the_document(
    walk: list[Stop], shared: Page
) -> None:
    assert len(walk) == await shared.evaluate("measure.focusable().length") > 10
    assert [stop["index"] for stop in walk] == [*range(len(walk))]


async def test_focus_is_seen_wherever_it_is(walk: list[Stop]) -> None:
    assert [stop for stop in walk if not is_seen(stop)] == []


async def test_the_order_of_the_document_is_the_order_of_reading(
    walk: list[Stop], shared: Page
) -> None:
    boxes = await shared.evaluate("measure.focusable().map(measure.box)")
    assert [pair for pair in pairwise(boxes) if not (is_below(*pair) or is_along(*pair))] == []

    # In one column there is no doubt: everything stands below what came before.
    await shared.set_viewport_size({"width": 360, "height": 720})
    boxes = await shared.evaluate("measure.focusable().map(measure.box)")
    await shared.set_viewport_size({"width": 1280, "height": 720})
    assert [pair for pair in pairwise(boxes) if not is_below(*pair)] == []


def is_below(one: Stop, other: Stop) -> bool:
    """Whether a stop stands on a later line, or on the same line further along."""
    shared_height = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    height = min(one["bottom"] - one["top"], other["bottom"] - other["top"])
    if shared_height > height / 2:
        return is_along(one, other)
    return bool(other["top"] + other["bottom"] > one["top"] + one["bottom"])


def is_along(one: Stop, other: Stop) -> bool:
    """Whether a stop stands further along than another ends."""
    return bool(other["start"] >= one["end"] - 1)


def is_seen(stop: Stop) -> bool:
    return bool(stop["outline"] >= THICK and stop["contrast"] >= NOTICEABLE and stop["uncovered"])


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_focus_is_seen_in_the_dark_too(tab: Page, tag: str) -> None:
    await tab.emulate_media(color_scheme="dark")
    await tab.goto(f"/{tag}/kontakt")
    assert [stop for stop in await walked(tab) if not is_seen(stop)] == []

    await tab.locator(SEND).press("Enter")
    await expect(tab.locator("#problems")).to_be_focused()
    assert is_seen(await tab.evaluate("measure.focus()"))


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_the_first_stop_leads_past_the_menu(tab: Page, tag: str) -> None:
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
async def test_a_message_is_sent_by_keyboard_alone(tab: Page, tag: str, kept: Kept) -> None:
    text = f"السلام عليكم {uuid4()}"
    await tab.goto(f"/{tag}/")
    await tab_to(tab, tab.locator("main a.button"))
    await tab.keyboard.press("Enter")
    await tab.wait_for_url(f"**/{tag}/kontakt")

    # Submission too early: focus meets what is wrong, and a link leads to the field.
    await tab_to(tab, tab.locator(SEND))
    await tab.keyboard.press("Enter")
    await expect(tab.locator("#problems")).to_be_focused()
    await tab_to(tab, tab.get_by_role("alert").get_by_role("link"))
    await tab.keyboard.press("Enter")
    await expect(tab.locator("#message")).to_be_focused()
    await tab.keyboard.type(text)

    # A choice is made with the arrows, and Return in a field sends.
    await tab.keyboard.press("Shift+Tab")
    await tab.keyboard.press("Shift+Tab")
    await expect(tab.locator("#kind-accessibility")).to_be_focused()
    await tab.keyboard.press("Space")
    await tab.keyboard.press("ArrowUp")
    await tab_to(tab, tab.locator("#email"))
    await tab.keyboard.type("anna@skola.se")
    await tab.keyboard.press("Enter")
    await tab.wait_for_url("**/arende/*")
    (message,) = await kept(text)
    assert (message.kind, message.email) == ("praise", "anna@skola.se")


async def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has focus."""
    for _ in range(await page.evaluate("measure.focusable().length")):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("wanted => wanted === document.activeElement"):
            return
    await expect(wanted).to_be_focused()
