"""The inbox and the figures have no fault that axe finds, fit narrow windows and fingers, and are
used from the keyboard alone, without script."""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, Page

from tests.conftest import Running, Serve
from tests.journeys.test_axe import AXE, RUN_AXE, VIEWS
from tests.journeys.test_keyboard import is_visible, walked
from tests.journeys.test_reflow import NARROW, SMALLEST_TARGET, check_width
from tests.staff import signed_in
from tests.visitor import Visitor

ADDRESSES = (
    "/inbox",
    "/inbox?view=overdue",
    "/inbox?view=taken",
    "/inbox?language=ar&kind=praise",
    "/inbox?q=" + "x" * 60,
    "/inbox/figures",
    "/inbox/figures?veckor=52",
)
TEXTS = {
    "sv": ("Bussen är sen varje morgon.", "å" * 300),
    "ar": ("السلام عليكم، أين مدرسة أحمد؟", "شكراً لكم"),
    "en": ("How do I apply for a school?",),
}


@pytest.fixture(scope="module")
def office(serve: Serve) -> Iterator[Running]:
    """A portal whose inbox has messages in three languages."""
    with serve(PORTAL_ANSWER_DAYS="3") as portal:
        yield portal


@pytest.fixture(scope="module")
async def shared(browser: Browser, office: Running) -> AsyncIterator[Page]:
    """A tab of an officer, with something to do."""
    visitor = Visitor(office.address)
    for language, texts in TEXTS.items():
        for text in texts:
            await visitor.send(language, message=text, kind="question")
    await visitor.client.aclose()
    async with signed_in(office).tab(browser) as page:
        await page.add_init_script(path=AXE)
        yield page


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_page_has_no_fault_and_fits_every_window(shared: Page, address: str) -> None:
    await shared.goto(address)
    assert await faults(shared) == []
    await shared.set_viewport_size({"width": NARROW, "height": 640})
    await check_width(shared, NARROW)
    targets = await shared.evaluate("measure.targets()")
    assert [
        target for target in targets if min(target["width"], target["height"]) < SMALLEST_TARGET
    ] == []
    await shared.evaluate("measure.spread(true)")
    await check_width(shared, NARROW)


async def test_what_was_done_and_what_was_not_have_no_fault(shared: Page) -> None:
    await shared.set_viewport_size({"width": 1280, "height": 800})
    await shared.goto("/inbox")
    await shared.get_by_role("button", name="Utför").click()
    await shared.wait_for_selector("[role=alert]")
    assert await faults(shared) == []
    await shared.get_by_role("checkbox").first.check()
    await shared.get_by_label("Med de valda ärendena").select_option(label="Avsluta")
    await shared.get_by_role("button", name="Utför").click()
    await shared.wait_for_selector("[role=status]")
    assert await faults(shared) == []
    await shared.get_by_role("button", name="Ångra").click()
    assert "1 ärende är som förut." in await shared.inner_text("[role=status]")


async def faults(page: Page) -> list[str]:
    """What axe finds at every width and in every colour scheme."""
    results: list[str] = []
    for view in VIEWS:
        await page.set_viewport_size({"width": view.width, "height": 800})
        await page.emulate_media(color_scheme=view.scheme, forced_colors=view.forced)
        results += await page.evaluate(RUN_AXE, view.rules)
    await page.emulate_media(color_scheme="light", forced_colors="none")
    return results


@pytest.mark.parametrize("address", ["/inbox", "/inbox/figures"])
async def test_tab_stops_at_every_control_and_shows_it(shared: Page, address: str) -> None:
    await shared.set_viewport_size({"width": 1280, "height": 800})
    await shared.goto(address)
    walk = await walked(shared)
    assert [stop["index"] for stop in walk] == [*range(len(walk))]
    assert len(walk) == await shared.evaluate("measure.focusable().length") > 8
    assert [stop for stop in walk if not is_visible(stop)] == []


async def test_a_case_is_taken_by_keyboard_alone_without_script(
    browser: Browser, office: Running, shared: Page
) -> None:
    async with signed_in(office, "bo").tab(browser, java_script_enabled=False) as page:
        await page.goto("/inbox")
        await page.get_by_role("checkbox").first.focus()
        await page.keyboard.press("Space")
        await page.get_by_label("Med de valda ärendena").focus()
        await page.keyboard.type("Ta")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("[role=status]")
        assert "1 ärende är ditt nu." in await page.inner_text("[role=status]")
        await page.get_by_role("button", name="Ångra").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=som förut")


async def test_the_figures_are_printed_with_their_bars(shared: Page) -> None:
    await shared.goto("/inbox/figures")
    await shared.emulate_media(media="print")
    assert await shared.locator("nav:visible").count() == 0
    assert await shared.locator(".bar:visible").count() > 10
    await shared.emulate_media(media="screen")
