"""The table of routes below ``/inbox``."""

from portal.web.requests import ResourceRoute
from portal.web.staff import case, figures, inbox, sign_in
from portal.web.staff.access import ENROLMENT, INBOX, SIGN_IN, StaffRoute, keeping_typed

ROUTES = [
    ResourceRoute(SIGN_IN, keeping_typed(sign_in.respond), methods=["GET", "POST"]),
    StaffRoute(ENROLMENT, sign_in.enrol, methods=["GET", "POST"]),
    StaffRoute("/inbox/sign-out", sign_in.sign_out, methods=["POST"]),
    StaffRoute(INBOX, inbox.respond, methods=["GET", "POST"]),
    StaffRoute("/inbox/figures", figures.show),
    StaffRoute("/inbox/sessions", sign_in.show_sessions, methods=["GET", "POST"]),
    StaffRoute(f"{INBOX}/{{reference}}", case.respond, methods=["GET", "POST"], shows_typed=True),
]
