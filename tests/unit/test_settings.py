"""Settings are read once and cast, and everything wrong with them is reported together."""

from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest

from portal import settings
from portal.content.hours import Hours, Shift
from portal.settings import Settings, SettingsError

Read = Callable[..., Settings]

KEY = "k" * 32
LONGEST_SHORT_KEY = "k" * 31


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """A function that reads settings, with a database of the test's own."""

    def read(**environment: str) -> Settings:
        return Settings.read({"DATABASE_URL": f"sqlite:///{tmp_path}/portal.db"} | environment)

    return read


def faults(read: Read, **environment: str) -> list[str]:
    with pytest.raises(SettingsError) as error:
        read(**environment)
    assert str(error.value).splitlines() == error.value.faults
    return error.value.faults


def test_every_setting_has_a_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CHECKOUT", tmp_path)
    monkeypatch.setattr(settings, "DATA", tmp_path)
    defaults = Settings.read({})
    assert defaults.database_url == f"sqlite:///{tmp_path}/var/portal.db"
    assert defaults.embedded
    assert not defaults.production
    assert defaults.base_url == "http://127.0.0.1:8000"
    assert defaults.allowed_hosts == defaults.trusted_proxies == ()
    assert defaults.messages_per_hour == 60
    assert defaults.log_format == "text"
    assert defaults.keep_alive_seconds > 60
    assert defaults.translated_share == 80
    assert defaults.secret_key == b""
    confirmed = defaults.confirmed
    assert confirmed.email == confirmed.protection_officer == confirmed.erasure_decision == ""
    assert confirmed.answer_days == 0
    assert confirmed.phone_hours is None
    assert confirmed.answer_languages == ("sv",)
    assert confirmed.access_status == "partial"


def test_reading_makes_no_file_and_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CHECKOUT", tmp_path)
    monkeypatch.setattr(settings, "DATA", tmp_path)
    Settings.read({})
    Settings.read({"DATABASE_URL": f"sqlite:///{tmp_path}/elsewhere/portal.db"})
    assert [*tmp_path.iterdir()] == []


def test_an_installed_portal_keeps_its_database_with_the_users_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DATA", tmp_path / "site-packages")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert Settings.read({}).database_url == f"sqlite:///{tmp_path}/data/portal/portal.db"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert (
        Settings.read({}).database_url == f"sqlite:///{tmp_path}/home/.local/share/portal/portal.db"
    )


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("PORTAL_ENV", "development", "environment", "development"),
        ("PORTAL_BASE_URL", "https://skola.example.se/", "base_url", "https://skola.example.se"),
        ("PORTAL_BASE_URL", "http://[::1]:8000", "base_url", "http://[::1]:8000"),
        ("PORTAL_ALLOWED_HOSTS", "a.se, b.se,,", "allowed_hosts", ("a.se", "b.se")),
        ("PORTAL_METRICS", "127.0.0.1:9100", "metrics", ("127.0.0.1", 9100)),
        ("PORTAL_METRICS", "[::1]:9100", "metrics", ("::1", 9100)),
        (
            "PORTAL_BASE_URL",
            "https://Skola.Example.se.:443",
            "base_url",
            "https://skola.example.se",
        ),
        (
            "PORTAL_BASE_URL",
            "https://göteborg.example",
            "base_url",
            "https://xn--gteborg-90a.example",
        ),
        (
            "PORTAL_BASE_URL",
            "http://[2001:DB8:0::1]:65535",
            "base_url",
            "http://[2001:db8::1]:65535",
        ),
        (
            "PORTAL_ALLOWED_HOSTS",
            "WWW.Example.se., göteborg.example, 10.0.0.7, 2001:db8::1, [::1]",
            "allowed_hosts",
            (
                "www.example.se",
                "xn--gteborg-90a.example",
                "10.0.0.7",
                "[2001:db8::1]",
                "[::1]",
            ),
        ),
        ("PORTAL_KEEP_ALIVE_SECONDS", "620", "keep_alive_seconds", 620),
        ("PORTAL_DRAIN_SECONDS", "5", "drain_seconds", 5),
        ("PORTAL_TRUSTED_PROXIES", "10.0.0.1", "trusted_proxies", ("10.0.0.1",)),
        ("PORTAL_SECRET_KEY", KEY, "secret_key", KEY.encode()),
        ("PORTAL_MESSAGES_PER_HOUR", "0", "messages_per_hour", 0),
        ("PORTAL_LOG_FORMAT", "json", "log_format", "json"),
        (
            "PORTAL_PHONE_HOURS",
            "fri 08:00-12:30",
            "phone_hours",
            Hours((Shift(4, 4, time(8), time(12, 30)),)),
        ),
        ("PORTAL_ANSWER_LANGUAGES", "sv, en,zh-Hant", "answer_languages", ("sv", "en", "zh-Hant")),
        ("PORTAL_TRANSLATED_SHARE", "100", "translated_share", 100),
        ("PORTAL_EMAIL", " grund@example.se\n", "email", "grund@example.se"),
        ("PORTAL_EMAIL", "grund\u2011skola@example\uff0ese", "email", "grund-skola@example.se"),
        ("PORTAL_EMAIL", "  ", "email", ""),
        ("PORTAL_ANSWER_DAYS", "10", "answer_days", 10),
        ("PORTAL_ERASURE_DECISION", "AN 1/26", "erasure_decision", "AN 1/26"),
        ("PORTAL_PROTECTION_OFFICER", "ombud@example.se", "protection_officer", "ombud@example.se"),
        ("PORTAL_ACCESS_STATUS", "full", "access_status", "full"),
        ("PORTAL_ACCESS_STANDARD", "WCAG 2.2", "access_standard", "WCAG 2.2"),
        ("PORTAL_ACCESS_ASSESSED", "2027-01-31", "access_assessed", date(2027, 1, 31)),
        ("PORTAL_ACCESS_AUTHORITY", "PTS", "access_authority", "PTS"),
        (
            "PORTAL_ACCESS_AUTHORITY_URL",
            "https://pts.se/a?b=c",
            "access_authority_url",
            "https://pts.se/a?b=c",
        ),
    ],
)
def test_a_value_is_cast_to_its_type(
    read: Read, variable: str, text: str, name: str, value: object
) -> None:
    settings = read(**{variable: text})
    holder = settings if hasattr(settings, name) else settings.confirmed
    assert getattr(holder, name) == value


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("DATABASE_URL", "mysql://host/name"),
        ("DATABASE_URL", "portal.db"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite://portal.db"),
        ("PORTAL_ENV", "prod"),
        ("PORTAL_BASE_URL", "skola.example.se"),
        ("PORTAL_BASE_URL", "ftp://skola.example.se"),
        ("PORTAL_BASE_URL", "https://skola.example.se/portal"),
        ("PORTAL_BASE_URL", "https://"),
        ("PORTAL_BASE_URL", "https://[::1"),
        ("PORTAL_BASE_URL", "http://skola.example.se:65536"),
        ("PORTAL_BASE_URL", "http://skola.example.se:0"),
        ("PORTAL_BASE_URL", "http://skola..se"),
        ("PORTAL_BASE_URL", "http://[2001:db8::g]"),
        ("PORTAL_METRICS", "9100"),
        ("PORTAL_METRICS", "127.0.0.1:0"),
        ("PORTAL_METRICS", "127.0.0.1:65536"),
        ("PORTAL_METRICS", "::1:9100"),
        ("PORTAL_ALLOWED_HOSTS", "https://skola.example.se"),
        ("PORTAL_ALLOWED_HOSTS", "*.example.se"),
        ("PORTAL_ALLOWED_HOSTS", "[::1]:8000"),
        ("PORTAL_ALLOWED_HOSTS", "localhost:"),
        ("PORTAL_ALLOWED_HOSTS", "-a.example"),
        ("PORTAL_ALLOWED_HOSTS", "a b.example"),
        ("PORTAL_KEEP_ALIVE_SECONDS", "5 s"),
        ("PORTAL_SECRET_KEY", LONGEST_SHORT_KEY),
        ("PORTAL_MESSAGES_PER_HOUR", "-1"),
        ("PORTAL_MESSAGES_PER_HOUR", "many"),
        ("PORTAL_MESSAGES_PER_HOUR", "1.5"),
        ("PORTAL_MESSAGES_PER_HOUR", "\u0663"),
        ("PORTAL_ANSWER_DAYS", "9999999999"),
        ("PORTAL_LOG_FORMAT", "xml"),
        ("DATABASE_URL", "postgresql://u:p@h:abc/db"),
        ("DATABASE_URL", "postgresql://u:p@[::1]:99999/db"),
        ("PORTAL_SMTP_URL", "smtps://h:99999"),
        ("PORTAL_PHONE_HOURS", "always"),
        ("PORTAL_PHONE_HOURS", "fri 24:00-25:00"),
        ("PORTAL_ANSWER_LANGUAGES", "svenska"),
        ("PORTAL_ANSWER_LANGUAGES", "sv,<b>"),
        ("PORTAL_TRANSLATED_SHARE", "80 %"),
        ("PORTAL_EMAIL", "grund"),
        ("PORTAL_EMAIL", "grund@example"),
        ("PORTAL_EMAIL", "grund\ufffd@example.se"),
        ("PORTAL_EMAIL", "a" * 65 + "@example.se"),
        ("PORTAL_EMAIL", "a@example.se, b@example.se"),
        ("PORTAL_EMAIL", 'a"@example.se'),
        ("PORTAL_PROTECTION_OFFICER", "ombud at example.se"),
        ("PORTAL_ACCESS_STATUS", "mostly"),
        ("PORTAL_ACCESS_ASSESSED", "2026-02-30"),
        ("PORTAL_ACCESS_ASSESSED", "yesterday"),
        ("PORTAL_ACCESS_AUTHORITY_URL", "http://pts.se"),
        ("PORTAL_ACCESS_AUTHORITY_URL", "javascript:alert(1)"),
        ("PORTAL_ACCESS_AUTHORITY_URL", 'https://pts.se/"onclick="'),
    ],
)
def test_a_bad_value_is_reported_by_the_name_of_its_variable(
    read: Read, variable: str, text: str
) -> None:
    (fault,) = faults(read, **{variable: text})
    assert fault.startswith(f"{variable}: ")
    assert len(fault) > len(f"{variable}: ")


def test_all_faults_are_reported_together(read: Read) -> None:
    reported = faults(
        read,
        PORTAL_ENV="production",
        PORTAL_BASE_URL="http://skola.example.se",
        PORTAL_SECRET_KEY=LONGEST_SHORT_KEY,
        PORTAL_ANSWER_DAYS="soon",
        PORTAL_COLOUR="blue",
        PORTAL_EMAIL_FILE="/nowhere/email",
    )
    assert {fault.partition(":")[0] for fault in reported} == {
        "PORTAL_BASE_URL",
        "PORTAL_SECRET_KEY",
        "PORTAL_ANSWER_DAYS",
        "PORTAL_COLOUR",
        "PORTAL_EMAIL",
    }
    assert len(reported) == 5


@pytest.mark.parametrize("name", ["PORTAL_EMIAL", "PORTAL_", "PORTAL_EMIAL_FILE", "PORTAL_TESTS"])
def test_a_misspelt_setting_is_refused(read: Read, name: str) -> None:
    assert faults(read, **{name: "x"}) == [f"{name}: no such setting"]


def test_every_host_that_can_never_match_is_named_with_the_reason(read: Read) -> None:
    (fault,) = faults(read, PORTAL_ALLOWED_HOSTS="www.se,intern.example.se:8443,.example.net")
    assert "intern.example.se:8443 has a port" in fault
    assert ".example.net begins with a dot" in fault
    assert "www.se" not in fault


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_PORT", "tcp://10.43.1.2:80"),
        ("PORTAL_PORT_80_TCP_ADDR", "10.43.1.2"),
        ("PORTAL_SERVICE_HOST", "10.43.1.2"),
        ("PORTAL_SERVICE_PORT_HTTP", "80"),
        ("PORTAL_DB_SERVICE_HOST", "10.43.1.3"),
        ("PORTAL_DB_PORT_5432_TCP", "tcp://10.43.1.3:5432"),
    ],
)
def test_what_kubernetes_injects_is_passed_over(read: Read, name: str, value: str) -> None:
    assert read(**{name: value}) == read()


@pytest.mark.parametrize("name", ["PORTAL_TEST_POSTGRESQL", "PATH", "PORTALS", "portal_email"])
def test_other_variables_are_ignored(read: Read, name: str) -> None:
    assert read(**{name: "x"}) == read()


def test_a_value_can_be_read_from_a_file(read: Read, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n", "utf-8")
    assert read(PORTAL_SECRET_KEY_FILE=str(file)).secret_key == KEY.encode()
    file.write_text("postgresql://host/name\n", "utf-8")
    environment = {"DATABASE_URL_FILE": str(file), "PORTAL_SECRET_KEY": KEY}
    assert Settings.read(environment).database_url == "postgresql://host/name"


def test_a_value_from_a_file_is_checked_like_any_other(read: Read, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(LONGEST_SHORT_KEY, "utf-8")
    (fault,) = faults(read, PORTAL_SECRET_KEY_FILE=str(file))
    assert fault.startswith("PORTAL_SECRET_KEY: must be at least")


def test_a_variable_that_is_set_twice_is_refused(read: Read, tmp_path: Path) -> None:
    file = tmp_path / "email"
    file.write_text("grund@example.se", "utf-8")
    (fault,) = faults(read, PORTAL_EMAIL="grund@example.se", PORTAL_EMAIL_FILE=str(file))
    assert fault == "PORTAL_EMAIL: is given twice, also as PORTAL_EMAIL_FILE"
    assert read(PORTAL_EMAIL="", PORTAL_EMAIL_FILE=str(file)).confirmed.email == "grund@example.se"


@pytest.mark.parametrize(
    "environment",
    [
        {"PORTAL_SECRET_KEY": LONGEST_SHORT_KEY, "DATABASE_URL": "postgresql://db/portal"},
        {"PORTAL_BASE_URL": "https://a.se:99999", "PORTAL_ENV": "production"},
        {"PORTAL_MAIL_FROM": "nobody", "PORTAL_SMTP_URL": "smtps://mail.example.se"},
    ],
)
def test_a_value_that_cannot_be_read_is_reported_once(
    read: Read, environment: dict[str, str]
) -> None:
    (fault,) = faults(read, **environment)
    assert fault.partition(":")[0] in environment


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_both_schemes_of_postgresql_are_accepted(read: Read, scheme: str) -> None:
    url = f"{scheme}://u:postgres:@host/name"
    settings = read(DATABASE_URL=url, PORTAL_SECRET_KEY=KEY)
    assert settings.database_url == "postgresql://u:postgres:@host/name"
    assert not settings.embedded


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p#x/y?z@h:5433/db",
        "postgresql://[::1]:5433/db",
        "postgresql:///db?host=/run/postgresql",
        "sqlite:////var/lib/portal/a b.db",
    ],
)
def test_a_database_may_have_any_address(read: Read, url: str) -> None:
    assert read(DATABASE_URL=url, PORTAL_SECRET_KEY="k" * 32).database_url == url


def test_production_needs_a_public_https_address(read: Read) -> None:
    assert faults(read, PORTAL_ENV="production") == [
        "PORTAL_BASE_URL: production needs the portal's public https address"
    ]
    assert read(PORTAL_ENV="production", PORTAL_BASE_URL="https://skola.example.se").production


def test_postgresql_needs_a_secret_key_in_the_settings(read: Read) -> None:
    (fault,) = faults(read, DATABASE_URL="postgresql://host/name")
    assert fault.startswith("PORTAL_SECRET_KEY: ")
