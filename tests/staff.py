"""Staff who are signed in: an account that is enrolled, with a session, made in the database.

officer = signed_in(portal, "anna")
async with officer.visitor() as visitor:      # checks every page that it fetches
    await visitor.get("/inbox")
async with officer.tab(browser) as page:      # a tab of a browser
    await page.goto("/inbox")
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from playwright.async_api import Browser, Page

from portal.staff import accounts, passwords, sessions, totp
from portal.staff.accounts import Account
from portal.storage.database import Database
from portal.storage.engines import begin
from portal.web.staff.access import cookie_name
from tests.conftest import Served
from tests.journeys.browsing import opened
from tests.visitor import Visitor

PASSWORD = "en lång mening att minnas"
_hash = cache(passwords.password_hash)


@dataclass(frozen=True)
class Staff:
    """Somebody with an account, and the token of a session."""

    portal: Served
    account: Account
    token: str
    recovery_codes: list[str]

    @property
    def cookie(self) -> str:
        """The Cookie header of the session."""
        return f"{cookie_name(self.portal.settings)}={self.token}"

    def code(self, later: int = 0) -> str:
        """A code of the second factor: of the present step or of a later one."""
        key = self.portal.settings.secret_key
        secret = totp.account_secret(key, self.account.id, self.account.totp_version)
        return totp.code(secret, totp.step_at(datetime.now(UTC)) + later)

    @asynccontextmanager
    async def visitor(self) -> AsyncIterator[Visitor]:
        """A visitor that sends what the browser of this person sends."""
        visitor = staff_visitor(self.portal)
        visitor.client.headers["cookie"] = self.cookie
        yield visitor
        await visitor.client.aclose()

    @asynccontextmanager
    async def tab(self, browser: Browser, **options: Any) -> AsyncIterator[Page]:
        """A tab in which this person is signed in."""
        async with opened(browser, self.portal, **options) as page:
            name, _, value = self.cookie.partition("=")
            await page.context.add_cookies(
                [{"name": name, "value": value, "url": self.portal.address}]
            )
            yield page


def staff_visitor(portal: Served) -> Visitor:
    """A visitor whose forms come from pages of the portal; nobody is signed in."""
    visitor = Visitor(portal.address)
    visitor.client.headers["sec-fetch-site"] = "same-origin"
    return visitor


def signed_in(portal: Served, name: str = "anna", role: str = "officer") -> Staff:
    """An enrolled account with a new session; made at the first call for a name."""
    now, settings = datetime.now(UTC), portal.settings
    with (
        closing(Database(settings.database_url)) as database,
        database.connect() as connection,
        begin(connection),
    ):
        codes: list[str] = []
        account = accounts.find(connection, name)
        if account is None:
            account = accounts.add(
                connection,
                name=name,
                full_name=f"{name.title()} Andersson",
                role=role,
                password_hash=_hash(PASSWORD),
                now=now,
            )
            key, password_hash = settings.secret_key, account.password_hash
            codes = accounts.enrol(connection, account, password_hash, 0, key, now)
        token = sessions.begin(connection, account.id, "Firefox, Linux", now)
    return Staff(portal, account, token, codes)
