"""How the journeys browse: tabs with functions that measure, and the pages that they visit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from portal.i18n.languages import discover
from portal.i18n.templates import LOCALES
from portal.web.public.pages import PAGES
from tests.conftest import Served

LANGUAGES = tuple(discover(LOCALES))
SLUGS = tuple(page.slug for page in PAGES)
SEND = "main form [type=submit]"
"""The button that sends a message; the others of the form change its language."""
MEASURES = Path(__file__).with_name("measures.js")


@asynccontextmanager
async def opened(browser: Browser, portal: Served, **options: Any) -> AsyncIterator[Page]:
    """Open a tab for the portal, with reduced motion and the functions of ``MEASURES``."""
    settings = {"base_url": portal.address, "reduced_motion": "reduce"} | options
    context = await browser.new_context(**settings)
    await context.add_init_script(path=MEASURES)
    yield await context.new_page()
    await context.close()
