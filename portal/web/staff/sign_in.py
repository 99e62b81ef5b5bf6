"""Signing in and out, the enrolment of the second factor, and the list of sessions."""

import math
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import segno
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from portal.content.facts import Facts
from portal.staff import accounts, admission, passwords, sessions, totp
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
    async with request.database.reading() as connection:
        has_accounts = await accounts.is_there_any(connection)
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
            request.database, request.settings, credentials, _client(request), datetime.now(UTC)
        )
    except Refused:
        return page(problems=[Problem("form", "refused")], status=422)
    except MustWait as wait:
        seconds = math.ceil(wait.time.total_seconds())
        problem = Problem("form", "too-many", math.ceil(seconds / 60))
        return page(problems=[problem], status=429, headers=[("retry-after", str(seconds))])
    return await _continued(request, address, typed, token)


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
        with suppress(HTTPException):  # where there is no such case, for one
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
    """An address of the inbox, whatever a link to the sign-in says."""
    return address if _ADDRESS.fullmatch(address) else INBOX


def _client(request: Request) -> Client:
    address = request.client.host if request.client else ""
    return Client(address, sessions.browser_name(request.headers.get("user-agent", "")))


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
    if not passwords.SHORTEST <= len(password) <= passwords.LONGEST:
        problems.append(Problem("password", "length"))
    elif await passwords.is_right(password, account.password_hash):
        problems.append(Problem("password", "first"))
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


async def show_sessions(request: Request) -> Resource:
    """List where an account is signed in, or end one of the sessions, or all others."""
    session = request.state.session
    if request.method != "POST":
        async with request.database.reading() as connection:
            own = await sessions.of_account(connection, session.account_id, datetime.now(UTC))
            codes_left = await accounts.codes_left(connection, session.account_id)
        return staff_page(
            request,
            "sessions.html",
            sessions=own,
            present=session,
            codes_left=codes_left,
            idle_minutes=sessions.IDLE_LIMIT // timedelta(minutes=1),
            life_hours=sessions.LIFE_LIMIT // timedelta(hours=1),
        )
    chosen = (await request.fields()).get("session", "")
    if chosen == "others":
        job = partial(sessions.end_all, account_id=session.account_id, but=session.id)
    else:
        number = int(chosen) if re.fullmatch("[0-9]{1,15}", chosen) else 0
        job = partial(sessions.end, session_id=number, account_id=session.account_id)
    await request.database.write(job)
    return redirect("/inbox/sessions", 303)
