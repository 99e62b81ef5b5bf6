"""Pages follow the settings of the browser: larger text, and less motion."""

import pytest
from playwright.async_api import Browser

from tests.conftest import Running
from tests.journeys.browsing import LANGUAGES, SLUGS, opened

WIDTH = 1280
ENLARGE = "document.documentElement.style.fontSize = '200%'"
SIZE = "parseFloat(getComputedStyle(document.querySelector('main')).fontSize)"
OVERFLOW = "document.scrollingElement.scrollWidth"
SCROLL_BEHAVIOUR = "getComputedStyle(document.documentElement).scrollBehavior"


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_text_at_twice_the_size_fits_the_window(
    browser: Browser, portal: Running, tag: str
) -> None:
    viewport = {"width": WIDTH, "height": 800}
    async with opened(browser, portal, viewport=viewport) as page:
        for slug in SLUGS:
            await page.goto(f"/{tag}/{slug}")
            before = await page.evaluate(SIZE)
            await page.evaluate(ENLARGE)
            assert await page.evaluate(SIZE) == pytest.approx(2 * before)
            assert await page.evaluate(OVERFLOW) <= WIDTH, slug


@pytest.mark.parametrize(("motion", "behaviour"), [("reduce", "auto"), ("no-preference", "smooth")])
async def test_scrolling_is_not_animated_with_reduced_motion(
    browser: Browser, portal: Running, motion: str, behaviour: str
) -> None:
    async with opened(browser, portal, reduced_motion=motion) as page:
        await page.goto("/ar/ordlista")
        assert await page.evaluate(SCROLL_BEHAVIOUR) == behaviour
        moving = "document.getAnimations().length"
        assert await page.evaluate(moving) == 0
