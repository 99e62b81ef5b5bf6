"""An operator checks a portal before it serves, and is told everything that is wrong."""

import json
import shutil
from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiosmtpd.smtp import AuthResult

from portal.commands import check, main
from portal.settings import DATA
from tests.sink import open_sink
from tests.unit.commands.conftest import Run

PRODUCTION = {
    "PORTAL_ENV": "production",
    "PORTAL_BASE_URL": "https://skola.example.se",
    "PORTAL_TRUSTED_PROXIES": "127.0.0.1",
}


def faults(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    """Check, and return the subject and the text of each fault."""
    exit_code = main(["check", "--json"])
    listed = json.loads(capsys.readouterr().out)["faults"]
    assert exit_code == (1 if listed else 0)
    assert all(fault["remedy"] for fault in listed)
    return [(fault["subject"], fault["fault"]) for fault in listed]


def test_a_new_deployment_is_in_order_and_checking_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    assert main(["check"]) == 0
    assert capsys.readouterr().out.startswith("All well.\nmail: No letters are sent")
    assert faults(capsys) == []
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("condition", ["language.is_source", "not language.is_source"])
def test_a_page_that_cannot_be_built_in_some_language_is_a_fault(
    condition: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    shutil.copytree(DATA / "templates", tmp_path / "templates")
    path = tmp_path / "templates" / "public" / "words.html"
    fault_in_it = "{% if " + condition + " %}{{ nobody }}{% endif %}{% endblock %}"
    path.write_text(path.read_text("utf-8").replace("{% endblock %}", fault_in_it), "utf-8")
    monkeypatch.setattr("portal.i18n.templates.DATA", tmp_path)
    ((subject, fault),) = faults(capsys)
    assert subject == "catalogs"
    assert "'nobody' is undefined" in fault


@pytest.mark.slow
def test_a_served_deployment_is_in_order_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "upgrade"]) == 0
    capsys.readouterr()
    assert faults(capsys) == []


@pytest.mark.parametrize(
    ("changes", "subject", "part"),
    [
        ({"PORTAL_TRUSTED_PROXIES": ""}, "proxy", "all guardians count as one sender"),
        ({"PORTAL_TRUSTED_PROXIES": "*"}, "proxy", "Every client is trusted"),
        ({"PORTAL_TRUSTED_PROXIES": "10.0.0.1/8"}, "proxy", "10.0.0.1/8 is neither"),
        ({"PORTAL_TRUSTED_PROXIES": "caddy"}, "proxy", "caddy is neither"),
        ({"PORTAL_BASE_URL": "https://localhost"}, "host", "localhost"),
        ({"PORTAL_BASE_URL": "https://10.1.2.3"}, "host", "10.1.2.3"),
        ({"PORTAL_BASE_URL": "https://[::1]:8000"}, "host", "::1"),
        ({"PORTAL_BASE_URL": "http://skola.example.se"}, "settings", "PORTAL_BASE_URL"),
        ({"PORTAL_METRICS": "9100"}, "settings", "PORTAL_METRICS"),
    ],
)
def test_a_setting_that_does_not_fit_production_is_named(
    changes: dict[str, str],
    subject: str,
    part: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in (PRODUCTION | changes).items():
        monkeypatch.setenv(name, value)
    ((named, fault),) = faults(capsys)
    assert named == subject
    assert part in fault


def test_a_database_that_does_not_answer_hides_no_other_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://portal@127.0.0.1:1/none")
    monkeypatch.setenv("PORTAL_SECRET_KEY", "k" * 32)
    monkeypatch.setenv("PORTAL_TRUSTED_PROXIES", "caddy")
    assert [subject for subject, _ in faults(capsys)] == ["database", "proxy"]
    assert main(["check"]) == 1
    assert capsys.readouterr().err.count("\n") >= 2


@pytest.mark.slow
def test_a_database_server_without_tables_is_named(
    postgresql: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgresql)
    monkeypatch.setenv("PORTAL_SECRET_KEY", "k" * 32)
    ((subject, fault),) = faults(capsys)
    assert (subject, "revision none" in fault) == ("database", True)


def test_what_is_wrong_with_the_disk_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["db", "upgrade"]) == 0
    (tmp_path / "secret-key").chmod(0o644)
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(check.shutil, "disk_usage", lambda _: usage(free=5_000_000))  # type: ignore[attr-defined]
    monkeypatch.setattr(check.os, "access", lambda *_: False)  # type: ignore[attr-defined]
    capsys.readouterr()
    lines = [fault for subject, fault in faults(capsys) if subject == "disk"]
    assert lines == [
        f"{tmp_path}/own.db cannot be written.",
        f"{tmp_path} has only 4 MB free.",
        f"Others can read the secret key {tmp_path}/secret-key.",
    ]


def test_a_folder_that_cannot_be_written_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////proc/portal/portal.db")
    assert ("disk", "/proc cannot be written") in [(s, f[:23]) for s, f in faults(capsys)]


def test_a_clock_that_was_never_set_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = SimpleNamespace(now=lambda _: datetime(1970, 1, 1, tzinfo=UTC))
    monkeypatch.setattr(check, "datetime", clock)
    assert faults(capsys) == [("clock", "It says 1970-01-01.")]


@pytest.fixture
def production_with_mail(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets the address of a mail server, for a portal that is open to the public."""

    def set_up(url: str) -> None:
        settings = {"PORTAL_SMTP_URL": url, "PORTAL_MAIL_FROM": "skolan@example.org"}
        for name, value in (PRODUCTION | settings).items():
            monkeypatch.setenv(name, value)

    return set_up


def test_a_mail_server_is_tried_and_gets_no_letter(
    production_with_mail: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with open_sink() as sink:
        production_with_mail(sink.url)
        assert main(["check"]) == 0
        assert capsys.readouterr().out == "All well.\n"
        assert (sink.recipients, sink.letters) == ([], [])
    ((subject, fault),) = faults(capsys)
    assert subject == "mail"
    assert fault.startswith("127.0.0.1 cannot be used: SMTPConnectError")


def test_a_mail_server_that_refuses_the_password_is_named(
    production_with_mail: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    refused = AuthResult(success=False, handled=False)
    with open_sink(authenticator=lambda *_: refused, auth_require_tls=False) as sink:
        production_with_mail(sink.url.replace("//", "//portal:wrong@"))
        assert main(["check"]) == 1
    line = capsys.readouterr().err
    assert line.startswith("mail: 127.0.0.1 cannot be used: 535 ")
    assert "the password in PORTAL_SMTP_URL" in line
    assert "wrong" not in line


@pytest.mark.slow
def test_a_machine_without_time_zones_is_named_in_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONTZPATH", "")
    (tmp_path / "tzdata.py").touch()  # in the place of the package, where it is installed
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = run("check")
    assert done.returncode == 1
    assert done.stderr == (
        "There is no time zone data on this machine: install the package tzdata.\n"
    )
