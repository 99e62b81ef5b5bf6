"""One's own account: its sessions, another password, new recovery codes.

Changing the password or the recovery codes requires the present password and a code, so a stolen
session is not enough. Failed attempts cause the same waits as failed sign-ins.
"""

from datetime import UTC, datetime, timedelta
from functools import partial

from portal.staff import accounts, admission, passwords, sessions
from portal.staff.admission import Credentials, MustWait, Refused
from portal.web.form_data import number
from portal.web.forms import Problem
from portal.web.requests import Request
from portal.web.resources import Resource, redirect
from portal.web.staff.access import INBOX, session_cookie, staff_page
from portal.web.staff.sign_in import client, password_problems, too_many

SESSIONS = f"{INBOX}/sessions"
PASSWORD = f"{INBOX}/password"


async def show_sessions(request: Request) -> Resource:
    """List where an account is signed in, or end one of the sessions, or all others."""
    session = request.state.session
    if request.method != "POST":
        read, now, account_id = request.database.read, datetime.now(UTC), session.account_id
        own, codes_left = await read(
            lambda c: (
                sessions.of_account(c, account_id, now),
                accounts.codes_left(c, account_id),
            )
        )
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
        job = partial(sessions.end_all, account_id=session.account_id, kept_id=session.id)
    else:
        job = partial(sessions.end, session_id=number(chosen), account_id=session.account_id)
    await request.database.write(job)
    return redirect(SESSIONS, 303)


async def change(request: Request) -> Resource:
    """Show the form for another password and for new recovery codes, or make the change."""
    account, now = request.state.account, datetime.now(UTC)
    page = partial(
        staff_page,
        request,
        "password.html",
        shortest=passwords.SHORTEST,
        longest=passwords.LONGEST,
        is_changed=False,
    )
    if request.method != "POST":
        return page()
    fields = await request.fields()
    password, renews_codes = fields.get("new", ""), fields.get("do") == "codes"
    present = fields.get("present", "")
    if not renews_codes:
        problems = password_problems("new", password, account)
        if not problems and passwords.are_equal(password, present):
            problems = [Problem("new", "same")]
        if problems:
            return page(problems=problems, status=422)
    credentials = Credentials(account.name, present, fields.get("totp", ""))
    owner = (request.database, request.settings, credentials, client(request), now)
    try:
        if renews_codes:
            codes = await admission.renew_recovery_codes(*owner)
            return staff_page(request, "recovery_codes.html", codes=codes, is_new=False)
        token = await admission.change_password(*owner, password=password)
    except Refused:
        return page(problems=[Problem("present", "refused")], status=422)
    except MustWait as wait:
        return page(**too_many(wait))
    return page(is_changed=True, headers=[session_cookie(request.settings, token)])
