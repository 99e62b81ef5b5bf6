"""What must hold of every page of staff, in every state: what holds of the public pages."""

from playwright.async_api import Page

from tests.journeys.test_axe import RUN_AXE, VIEWS
from tests.journeys.test_keyboard import is_visible, walked
from tests.journeys.test_reflow import NARROW, SMALLEST_TARGET, check_width, lost, written


async def check_sound(page: Page) -> None:
    """Check a page with axe, in narrow windows and all colours, for fingers and the keyboard.

    The page has been given axe's script (``test_axe.AXE``).
    """
    faults: list[str] = []
    for view in VIEWS:
        await page.set_viewport_size({"width": view.width, "height": 800})
        await page.emulate_media(color_scheme=view.scheme, forced_colors=view.forced)
        faults += await page.evaluate(RUN_AXE, view.rules)
    assert faults == [], "\n".join(map(str, faults))

    await page.emulate_media(color_scheme="light", forced_colors="none")
    await page.set_viewport_size({"width": NARROW, "height": 800})
    await check_width(page, NARROW)
    targets = await page.evaluate("measure.targets()")
    assert [t for t in targets if min(t["width"], t["height"]) < SMALLEST_TARGET] == []
    usual = await page.evaluate("measure.texts()")
    await page.emulate_media(forced_colors="active", color_scheme="dark")
    forced = await page.evaluate("measure.texts()")
    assert written(forced) == written(usual)
    assert lost(forced) == []

    for scheme in ("dark", "light"):
        await page.emulate_media(forced_colors="none", color_scheme=scheme)
        await page.set_viewport_size({"width": 1280, "height": 4000})  # all of it
        await page.evaluate("document.activeElement.blur()")
        stops = await walked(page)
        assert [str(stop) for stop in stops if not is_visible(stop)] == []
        # The first stop follows the place to which the address leads.
        controls = await page.evaluate("measure.focusable().length")
        assert [stop["index"] for stop in stops] == [*range(stops[0]["index"], controls)]
