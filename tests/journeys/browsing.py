"""How the journeys browse: tabs that can measure, and the addresses that they visit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from portal.web.public.pages import PAGES
from tests.conftest import Running

LANGUAGES = ("sv", "en", "ar")
SLUGS = tuple(page.slug for page in PAGES)
SEND = "main form [type=submit]"
"""The button that sends a message; the form has others, which change its language."""
MEASURES = Path(__file__).with_name("measures.js")


@asynccontextmanager
async def opened(browser: Browser, portal: Running, **options: Any) -> AsyncIterator[Page]:
    """A tab of its own, in which addresses are the portal's and nothing glides."""
    settings = {"base_url": portal.address, "reduced_motion": "reduce"} | options
    context = await browser.new_context(**settings)
    await context.add_init_script(path=MEASURES)
    yield await context.new_page()
    await context.close()
