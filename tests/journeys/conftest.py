"""What the journeys share: a tab, and a search for stored cases."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page

from portal.cases import messages
from portal.storage.database import Database
from tests.conftest import Running
from tests.journeys.browsing import opened

FindCases = Callable[[str], Awaitable[list[messages.Case]]]


@pytest.fixture
async def tab(browser: Browser, portal: Running) -> AsyncIterator[Page]:
    """A tab of the test's own."""
    async with opened(browser, portal) as page:
        yield page


@pytest.fixture(scope="session")
async def find_cases(portal: Running) -> AsyncIterator[FindCases]:
    """A function that finds the case of every stored message with exactly this text."""
    database = Database(portal.settings.database_url)

    async def find(text: str) -> list[messages.Case]:
        newest = await database.read(lambda c: messages.newest(c, 1000))
        return [case for case, message in newest if message.text == text]

    yield find
    await database.stop()
