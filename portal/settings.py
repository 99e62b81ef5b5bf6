"""Everything the portal reads from its environment, checked once at the start.

``Settings.read`` parses each value and reports all faults at once, each with the name
of its variable. No other module of the portal reads ``os.environ``. Each setting is
one row below: its variable, how it is parsed, and what it means; a test compares the
table in the README with these rows.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from datetime import date
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any, Self, TypeVar

from portal.content import mail_addresses
from portal.content.hours import Hours

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGED = Path(__file__).resolve().parent / "_data"
"""A wheel carries templates, style sheets and catalogs inside the package."""

DATA = PACKAGED if PACKAGED.is_dir() else CHECKOUT
SECRET_BYTES = 32
LOCAL_ADDRESS = "http://127.0.0.1:8000"

Value = TypeVar("Value")


class SettingsError(Exception):
    """The environment cannot be used; ``faults`` has a line for each fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def setting(variable: str, read: Callable[[str], Value], default: Value, meaning: str) -> Value:
    """A row of the table of settings, as a dataclass field.

    Args:
        variable: its name in the environment.
        read: makes a value of its text; a ValueError says what is wrong with it.
        default: the value where the variable is unset or empty.
        meaning: a line for the README.
    """
    metadata = {"variable": variable, "read": read, "meaning": meaning}
    return field(default=default, metadata=metadata)


def _words(value: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())


def host_name(text: str) -> str:
    """A host name in its normal form: lower case, punycode, no final dot; IPv6 in brackets.

    Raises:
        ValueError: when the text is not a host name; its message says why.
    """
    if re.fullmatch(r"(\[[^\]]*\]|[^:]*):[0-9]*", text):
        raise ValueError(f"{text} has a port: only the host name is needed")
    if text.startswith("."):
        raise ValueError(f"{text} begins with a dot: each host must be named in full")
    try:
        if ":" in text:
            bare = text[1:-1] if text.startswith("[") else text
            return f"[{IPv6Address(bare).compressed}]"
        name = text.lower().removesuffix(".").encode("idna").decode()
    except ValueError:  # also what the codec raises
        name = ""
    if not _HOST.fullmatch(name):
        raise ValueError(f"{text} is not a host name, such as skola.example.se")
    return name


_HOST = re.compile(r"(?!-)[a-z0-9_-]+(?<!-)(\.(?!-)[a-z0-9_-]+(?<!-))*")


def _hosts(value: str) -> tuple[str, ...]:
    """Host names; the fault lists every word that is not one."""
    names, faults = [], []
    for word in _words(value):
        try:
            names.append(host_name(word))
        except ValueError as fault:
            faults.append(str(fault))
    if faults:
        raise ValueError("; ".join(faults))
    return tuple(names)


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value

    return read


def _switch(value: str) -> bool:
    return _one_of("on", "off")(value) == "on"


def _count(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise ValueError("must be a whole number, 0 or more")
    return int(value)


_ORIGIN = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[^][\s/?#@:]+)(?::([0-9]{1,5}))?/?")
_USUAL_PORT = {"http": 80, "https": 443}
LARGEST_PORT = 65_535
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})


def origin(value: str) -> str:
    """An origin as browsers send it (RFC 6454): without a path and without the usual port.

    Raises:
        ValueError: when the value is not an origin; its message says why.
    """
    match = _ORIGIN.fullmatch(value.lower())
    if not match:
        raise ValueError("must be an address such as https://skola.example.se, without a path")
    scheme, host, digits = match.groups()
    _check_port(digits)
    port = int(digits or _USUAL_PORT[scheme])
    return f"{scheme}://{host_name(host)}" + ("" if port == _USUAL_PORT[scheme] else f":{port}")


def _check_port(digits: str | None) -> None:
    """Raise ValueError for an impossible port; None or empty means the default."""
    if digits and not (digits.isdigit() and 0 < int(digits) <= LARGEST_PORT):
        raise ValueError(f"the port must be between 1 and {LARGEST_PORT}")


def _listening_address(value: str) -> tuple[str, int]:
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^][\s:]+)):([0-9]{1,5})", value)
    if not match or not 0 < int(match[3]) <= LARGEST_PORT:
        raise ValueError("must be an address and a port, such as 127.0.0.1:9100")
    return match[1] or match[2], int(match[3])


_DATABASE = re.compile(
    r"sqlite:///\S.*"
    r"|postgres(ql)?://([^@]*@)?(\[[^]]*\]|[^][\s/?:]*)(:(?P<port>[^/?]*))?([/?].*)?"
)


def _database(value: str) -> str:
    match = _DATABASE.fullmatch(value)
    if not match:
        raise ValueError("must be sqlite:///file or postgresql://user:password@host/name")
    _check_port(match["port"])
    return re.sub(r"^postgres://", "postgresql://", value)


def _address(value: str) -> str:
    address = mail_addresses.checked(mail_addresses.normalised(value))
    if address is None:
        raise ValueError("must be an e-mail address")
    return address


def _web_address(value: str) -> str:
    if not re.fullmatch(r"https://[^\s<>\"]+", value):
        raise ValueError("must be an address that begins with https://")
    return value


def _tags(value: str) -> tuple[str, ...]:
    tags = _words(value)
    for tag in tags:
        if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", tag):
            raise ValueError("must be language tags such as sv,en,ar")
    return tags


_SMTP = re.compile(
    r"(?P<scheme>smtp|smtps|smtp\+starttls)://([^\s/@]+@)?(?P<host>\[[0-9a-fA-F:.]+\]|[^][\s/@:]+)"
    r"(:(?P<port>[0-9]{1,5}))?/?"
)


def _smtp_url(value: str) -> str:
    """The address of a mail server: encrypted, unless it is this machine."""
    match = _SMTP.fullmatch(value)
    if not match:
        raise ValueError("must be smtps://user:password@host:port or smtp+starttls://…")
    host = host_name(match["host"])
    _check_port(match["port"])
    if match["scheme"] == "smtp" and host not in LOCAL_HOSTS:
        raise ValueError("smtp:// is not encrypted: only for a mail server on this machine")
    return value


def _secrets(value: str) -> tuple[bytes, ...]:
    return tuple(_secret(word) for word in _words(value))


def _secret(value: str) -> bytes:
    if len(value.encode()) < SECRET_BYTES:
        raise ValueError(f"must be at least {SECRET_BYTES} bytes")
    return value.encode()


@dataclass(frozen=True)
class Confirmed:
    """What only the administration can confirm."""

    phone_hours: Hours | None = setting(
        "PORTAL_PHONE_HOURS", Hours.read, None, "Such as `mon-fri 08:00-16:30`, once confirmed"
    )
    answer_languages: tuple[str, ...] = setting(
        "PORTAL_ANSWER_LANGUAGES", _tags, ("sv",), "Languages that answers are written in"
    )
    email: str = setting(
        "PORTAL_EMAIL", _address, "", "The administration's e-mail address, once confirmed"
    )
    answer_days: int = setting(
        "PORTAL_ANSWER_DAYS", _count, 0, "Days within which answers are promised; 0: not known"
    )
    erasure_decision: str = setting(
        "PORTAL_ERASURE_DECISION", str, "", "The decision under which messages may be erased"
    )
    protection_officer: str = setting(
        "PORTAL_PROTECTION_OFFICER", _address, "", "The data protection officer's e-mail address"
    )
    city_data_url: str = setting(
        "PORTAL_CITY_DATA_URL", _web_address, "", "The city's own page on personal data"
    )
    access_status: str = setting(
        "PORTAL_ACCESS_STATUS",
        _one_of("full", "partial", "none"),
        "partial",
        "How far the portal follows the accessibility standard",
    )
    access_standard: str = setting(
        "PORTAL_ACCESS_STANDARD", str, "EN 301 549 V3.2.1 (WCAG 2.1 AA)", "That standard"
    )
    access_assessed: date = setting(
        "PORTAL_ACCESS_ASSESSED", date.fromisoformat, date(2026, 11, 24), "When it was assessed"
    )
    access_authority: str = setting(
        "PORTAL_ACCESS_AUTHORITY", str, "Digg", "Who supervises the accessibility law"
    )
    access_authority_url: str = setting(
        "PORTAL_ACCESS_AUTHORITY_URL",
        _web_address,
        "https://www.digg.se/tdosanmalan",
        "Where a person complains to that authority",
    )


@dataclass(frozen=True)
class Settings:
    """What an operator decides. With the defaults alone, ``portal serve`` runs."""

    database_url: str = setting(
        "DATABASE_URL", _database, "", "`sqlite:///file` or `postgresql://…`"
    )
    environment: str = setting(
        "PORTAL_ENV",
        _one_of("development", "production"),
        "development",
        "`production` demands an https address",
    )
    base_url: str = setting("PORTAL_BASE_URL", origin, LOCAL_ADDRESS, "The portal's public address")
    allowed_hosts: tuple[str, ...] = setting(
        "PORTAL_ALLOWED_HOSTS", _hosts, (), "Further host names that it answers to, comma-separated"
    )
    trusted_proxies: tuple[str, ...] = setting(
        "PORTAL_TRUSTED_PROXIES", _words, (), "Addresses of proxies whose X-Forwarded-* are trusted"
    )
    secret_key: bytes = setting(
        "PORTAL_SECRET_KEY", _secret, b"", "At least 32 bytes; several nodes share one"
    )
    former_secret_keys: tuple[bytes, ...] = setting(
        "PORTAL_FORMER_SECRET_KEYS",
        _secrets,
        (),
        "Earlier keys, which still open the cases that they were used for",
    )
    smtp_url: str = setting(
        "PORTAL_SMTP_URL",
        _smtp_url,
        "",
        "`smtps://user:password@host` or `smtp+starttls://…`; without it no letters are sent",
    )
    mail_from: str = setting("PORTAL_MAIL_FROM", _address, "", "The sender of letters")
    mail_reply_to: str = setting(
        "PORTAL_MAIL_REPLY_TO", _address, "", "Reply-To of letters: a mailbox that somebody reads"
    )
    mail_to: str = setting(
        "PORTAL_MAIL_TO", _address, "", "The mailbox of the staff, who are told of new messages"
    )
    mail_retry_seconds: int = setting(
        "PORTAL_MAIL_RETRY_SECONDS", _count, 60, "The first wait after a failed delivery"
    )
    mail_link: str = setting(
        "PORTAL_MAIL_LINK",
        _one_of("open", "code"),
        "open",
        "Whether the link in a letter opens the case, or asks for its `code`",
    )
    messages_per_hour: int = setting(
        "PORTAL_MESSAGES_PER_HOUR",
        _count,
        60,
        "Messages that one sender may send; 0 means no limit",
    )
    sign_ins_per_hour: int = setting(
        "PORTAL_SIGN_INS_PER_HOUR",
        _count,
        30,
        "Failed sign-ins from one address an hour before a wait; 0: only the limit of each account",
    )
    answer_hold_seconds: int = setting(
        "PORTAL_ANSWER_HOLD_SECONDS", _count, 15, "How long a sent answer can be taken back"
    )
    fast_path: bool = setting(
        "PORTAL_FAST_PATH", _switch, True, "`off` sends every reader through the application"
    )
    keep_alive_seconds: int = setting(
        "PORTAL_KEEP_ALIVE_SECONDS", _count, 75, "Least seconds that an idle connection stays open"
    )
    drain_seconds: int = setting(
        "PORTAL_DRAIN_SECONDS", _count, 0, "Seconds from SIGTERM to the stop, for proxies to notice"
    )
    metrics: tuple[str, int] | None = setting(
        "PORTAL_METRICS",
        _listening_address,
        None,
        "Where figures are served to Prometheus, such as `127.0.0.1:9100`",
    )
    log_format: str = setting(
        "PORTAL_LOG_FORMAT", _one_of("text", "json"), "text", "`json` for log collectors"
    )
    translated_share: int = setting(
        "PORTAL_TRANSLATED_SHARE",
        _count,
        80,
        "Per cent of a page to translate before it is offered",
    )
    confirmed: Confirmed = field(default=Confirmed())

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read and check all settings.

        Instead of any variable ``X``, ``X_FILE`` may name a file that holds the value, such
        as a secret of a container.

        Raises:
            SettingsError: with every fault, unknown ``PORTAL_*`` names included.
        """
        faults: list[str] = []
        confirmed = Confirmed(**_values(Confirmed, environment, faults))
        settings = cls(confirmed=confirmed, **_values(cls, environment, faults))
        unreadable = {fault.partition(":")[0] for fault in faults}
        faults += _unknown(environment) + [
            fault
            for fault in settings._contradictions()
            if fault.partition(":")[0] not in unreadable
        ]
        if faults:
            raise SettingsError(faults)
        url = settings.database_url or f"sqlite:///{_data_folder() / 'portal.db'}"
        return replace(settings, database_url=url)

    @property
    def production(self) -> bool:
        """Whether the portal is open to the public, rather than to a developer."""
        return self.environment == "production"

    @property
    def secret_keys(self) -> tuple[bytes, ...]:
        """The keys that open cases, the current one first."""
        return (self.secret_key, *self.former_secret_keys)

    @property
    def staff_mailbox(self) -> str | None:
        """Who is told of new messages; empty where nobody is, None where no letters are sent."""
        return self.mail_to if self.smtp_url else None

    @property
    def embedded(self) -> bool:
        """Whether the database is an SQLite file, rather than a server."""
        return self.database_url.startswith("sqlite:")

    def _contradictions(self) -> list[str]:
        faults = []
        if self.production and not self.base_url.startswith("https://"):
            faults.append("PORTAL_BASE_URL: production needs the portal's public https address")
        if self.database_url.startswith("postgresql:") and not self.secret_key:
            faults.append("PORTAL_SECRET_KEY: is needed with PostgreSQL; all nodes share one")
        if self.smtp_url and not self.mail_from:
            faults.append("PORTAL_MAIL_FROM: is needed to send letters")
        return faults


def rows(cls: type) -> list[Field[Any]]:
    """The fields of a class that are settings."""
    return [row for row in fields(cls) if "variable" in row.metadata]


def _values(cls: type, environment: Mapping[str, str], faults: list[str]) -> dict[str, Any]:
    """The values of the settings of a class, by field; adds to the faults what cannot be read."""
    values: dict[str, Any] = {}
    for row in rows(cls):
        variable, read = row.metadata["variable"], row.metadata["read"]
        try:
            if text := _raw_value(environment, variable):
                values[row.name] = read(text)
        except (ValueError, OSError) as fault:
            faults.append(f"{variable}: {fault}")
    return values


def _raw_value(environment: Mapping[str, str], variable: str) -> str:
    if path := environment.get(f"{variable}_FILE"):
        if environment.get(variable):
            raise ValueError(f"is given twice, also as {variable}_FILE")
        return Path(path).read_text("utf-8").strip()
    return environment.get(variable, "").strip()


_INJECTED = re.compile(
    r"PORTAL_(PORT|PORT_\w+|SERVICE_\w+"
    r"|\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_\w+)?)?))"
)
"""What Kubernetes sets for Services named ``portal`` or ``portal-…``."""


def _unknown(environment: Mapping[str, str]) -> list[str]:
    variables = {row.metadata["variable"] for row in rows(Settings) + rows(Confirmed)}
    return [
        f"{name}: no such setting"
        for name in sorted(environment)
        if name.startswith("PORTAL_")
        and not name.startswith("PORTAL_TEST_")
        and not _INJECTED.fullmatch(name)
        and name.removesuffix("_FILE") not in variables
    ]


def _data_folder() -> Path:
    """``var/`` in a checkout, otherwise among the user's data (XDG base directories)."""
    if DATA == CHECKOUT:
        folder = CHECKOUT / "var"
    else:
        folder = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "portal"
    return folder
