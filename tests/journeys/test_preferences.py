"""What readers ask of their browsers is done: larger text alone, and less motion."""

import pytest
from playwright.async_api import Browser

from tests.conftest import Running
from tests.journeys.browsing import LANGUAGES, SLUGS, opened

WIDTH = 1280
ENLARGE = "document.documentElement.style.fontSize = '200%'"
SIZE = "parseFloat(getComputedStyle(document.querySelector('main')).fontSize)"
OVERFLOW = "document.scrollingElement.scrollWidth"
GLIDES = "getComputedStyle(document.documentElement).scrollBehavior"


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_text_of_twice_the_size_fits_the_window(
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


@pytest.mark.parametrize(("wish", "behaviour"), [("reduce", "auto"), ("no-preference", "smooth")])
async def test_nothing_glides_for_those_who_ask_for_less_motion(
    browser: Browser, portal: Running, wish: str, behaviour: str
) -> None:
    async with opened(browser, portal, reduced_motion=wish) as page:
        await page.goto("/ar/ordlista")
        assert await page.evaluate(GLIDES) == behaviour
        moving = "document.getAnimations().length"
        assert await page.evaluate(moving) == 0
