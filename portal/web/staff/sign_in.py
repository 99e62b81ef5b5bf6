"""Signing in and out, and the enrolment of the second factor."""

import math
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import segno
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from portal.content.facts import Facts
from portal.staff import accounts, admission, passwords, sessions, totp
from portal.staff.accounts import Account
from portal.staff.admission import Client, Credentials, MustWait, Refused
from portal.web import form_data
from portal.web.forms import Problem
from portal.web.requests import Request
from portal.web.resources import Resource, redirect
from portal.web.staff.access import (
    INBOX,
    SIGN_IN,
    StaffRoute,
    cookie_name,
    session_cookie,
    sign_in_page,
    staff_page,
    typed_page,
)

_ADDRESS = re.compile(r"/inbox([/?][!-\[\]-~]*)?")
"""An address below ``/inbox``, without spaces and backslashes."""


async def respond(request: Request) -> Resource:
    """Show the page to sign in, or sign in."""
    if request.method == "POST":
        return await _sign_in(request)
    has_accounts = await request.database.read(accounts.is_there_any)
    address = _own_address(request.query_params.get("next", ""))
    return sign_in_page(request, next_=address, has_accounts=has_accounts)


async def _sign_in(request: Request) -> Resource:
    fields = await request.fields()
    credentials = Credentials(
        name=accounts.normalised_name(fields.get("name", "")),
        password=fields.get("password", ""),
        code=fields.get("totp", ""),
    )
    address, typed = _own_address(fields.get("next", "")), fields.get("typed", "")
    page = partial(sign_in_page, request, next_=address, typed=typed, name=credentials.name)
    problems = [
        Problem(field, "empty")
        for field, value in (("name", credentials.name), ("password", credentials.password))
        if not value
    ]
    if problems:
        return page(problems=problems, status=422)
    try:
        token = await admission.sign_in(
            request.database, request.settings, credentials, client(request), datetime.now(UTC)
        )
    except Refused:
        return page(problems=[Problem("form", "refused")], status=422)
    except MustWait as wait:
        return page(**too_many(wait))
    return await _continued(request, address, typed, token)


def too_many(wait: MustWait) -> dict[str, Any]:
    """Problem, status and header of the response to a person who must wait."""
    seconds = math.ceil(wait.time.total_seconds())
    return {
        "problems": [Problem("form", "too-many", math.ceil(seconds / 60))],
        "status": 429,
        "headers": [("retry-after", str(seconds))],
    }


async def _continued(request: Request, address: str, typed: str, token: str) -> Resource:
    """What is shown after signing in: the form that was typed into, or the page asked for."""
    cookie = session_cookie(request.settings, token)
    path, _, query = address.partition("?")
    scope = {
        **request.scope,
        "method": "GET",
        "path": path,
        "query_string": query.encode(),
        "headers": [(b"cookie", f"{cookie_name(request.settings)}={token}".encode())],
    }
    fields = form_data.parse(form_data.URLENCODED, typed.encode()).fields
    route, child = _route_of(request, scope)
    if not fields:
        return redirect(address if route else INBOX, 303, headers=[cookie])
    page = None
    if route and route.shows_typed:
        request.state.typed = fields
        with suppress(HTTPException):  # for example, there is no such case
            page = await route.make(Request({**scope, **child}, request.receive))
    if page is None or page.status != 200:
        page = typed_page(request, path, fields, "signed-in")
    page.headers.append((cookie[0].encode(), cookie[1].encode()))
    return page


def _route_of(request: Request, scope: Scope) -> tuple[StaffRoute | None, Scope]:
    """The route of staff that answers a GET, and what it adds to the scope."""
    for route in request.app.routes:
        match, child = route.matches(scope)
        if match is not Match.NONE:
            # The first route decides: otherwise a GET of /inbox/sign-out, which takes only POST,
            # would lead to the case with the reference "sign-out".
            is_page = match is Match.FULL and isinstance(route, StaffRoute)
            return (route, child) if is_page else (None, {})
    return None, {}


def _own_address(address: str) -> str:
    """The address, if it is one of the inbox; otherwise the inbox: no link may lead elsewhere."""
    return address if _ADDRESS.fullmatch(address) else INBOX


def client(request: Request) -> Client:
    """The network address and the browser that a request came from."""
    address = request.client.host if request.client else ""
    return Client(address, sessions.browser_name(request.headers.get("user-agent", "")))


def password_problems(field: str, password: str, account: Account) -> list[Problem]:
    """Why an account cannot get a password; the present one is not compared here.

    Args:
        field: the name of its field.
        password: as it was typed.
        account: whose names it must not consist of.
    """
    if not passwords.SHORTEST <= len(password) <= passwords.LONGEST:
        return [Problem(field, "length")]
    if passwords.is_guessable(password, account.name, account.full_name):
        return [Problem(field, "guessable")]
    return []


async def enrol(request: Request) -> Resource:
    """Show the secret of the second factor, or complete the account with it."""
    account, now = request.state.account, datetime.now(UTC)
    if account.enrolled_at:
        return redirect(INBOX, 303)
    secret = totp.account_secret(request.settings.secret_key, account.id, account.totp_version)
    if request.method != "POST":
        return _enrolment_page(request, secret)
    fields = await request.fields()
    password, problems = fields.get("password", ""), []
    step = totp.accepted_step(fields.get("totp", ""), [secret], now, account.totp_step)
    if step is None:
        problems.append(Problem("totp", "wrong"))
    problems += password_problems("password", password, account)
    if not problems and await passwords.is_right(password, account.password_hash):
        problems.append(Problem("password", "same"))
    if problems or step is None:
        return _enrolment_page(request, secret, problems=problems, status=422)
    browser = request.state.session.browser
    enrolled = await admission.enrol(
        request.database, request.settings, account, password, step, browser, now
    )
    if enrolled is None:
        return redirect(SIGN_IN, 303)
    request.state.account = replace(account, enrolled_at=now)
    return staff_page(
        request,
        "recovery_codes.html",
        codes=enrolled.recovery_codes,
        is_new=True,
        headers=[session_cookie(request.settings, enrolled.token)],
    )


def _enrolment_page(request: Request, secret: bytes, **values: Any) -> Resource:
    address = totp.enrolment_address(secret, request.state.account.name, Facts().administration)
    return staff_page(
        request,
        "enrolment.html",
        secret=totp.written(secret),
        qr=_drawn(address),
        shortest=passwords.SHORTEST,
        longest=passwords.LONGEST,
        **values,
    )


@dataclass(frozen=True)
class QrCode:
    """A QR code as the path of an SVG, a square for each dark module."""

    size: int
    path: str


def _drawn(content: str) -> QrCode:
    rows = list(segno.make(content, error="m", micro=False).matrix_iter(border=4))
    squares = [
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, is_dark in enumerate(row)
        if is_dark
    ]
    return QrCode(len(rows), "".join(squares))


async def sign_out(request: Request) -> Resource:
    """End the session, on the server too."""
    session = request.state.session
    await request.database.write(
        partial(sessions.end, session_id=session.id, account_id=session.account_id)
    )
    return redirect(SIGN_IN, 303, headers=[session_cookie(request.settings, "")])
