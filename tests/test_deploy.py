"""What deploy/ holds can be used as it is: each file is read by the program that it is for.

No container engine and no systemd runs in these tests. The image is held to what can be read
from its steps, and those steps that build the portal are taken in an empty folder; the units
are measured by systemd's own analysis; the proxies run before a portal, on ports of their own.
"""

import fnmatch
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest

from portal.commands.serve import FINISH_SECONDS
from portal.mail.delivery import STOP_SECONDS
from portal.settings import CHECKOUT, Settings
from tests.conftest import program
from tests.proxies import (
    DEPLOY,
    DOMAIN,
    PROXIES,
    ask,
    compose,
    free_port,
    nginx,
    reading_through,
    started,
    text,
)

MOST_EXPOSED = 2.0
"""Of 10, by ``systemd-analyze security``; a service without any setting has 9.6."""


# Settings


def test_the_example_of_settings_is_accepted_with_all_its_choices(tmp_path: Path) -> None:
    lines = re.findall(r"^#?([A-Z_]+)=(.*)$", text("portal.env"), re.MULTILINE)
    environment = {name: shlex.split(value)[0] for name, value in lines}
    settings = Settings.read(environment | unit_environment("portal.service", tmp_path))
    assert settings.production
    assert settings.base_url == f"https://{DOMAIN}"
    assert settings.mail_to


def unit_environment(unit: str, folder: Path) -> dict[str, str]:
    """What a unit sets, with its credentials as empty files in a folder."""
    for name in re.findall(r"^LoadCredential=(\w+):/etc/portal/secrets/\1$", text(unit), re.M):
        (folder / name).touch()
    lines = re.findall(r"^Environment=(\w+)=(.+)$", text(unit), re.MULTILINE)
    return {name: value.replace("%d", str(folder)) for name, value in lines}


def test_a_portal_on_postgresql_gets_its_database_and_key_as_secrets(tmp_path: Path) -> None:
    environment = unit_environment("portal.service.d/postgresql.conf", tmp_path)
    (tmp_path / "DATABASE_URL").write_text("postgresql://portal@localhost/portal")
    (tmp_path / "PORTAL_SECRET_KEY").write_text("k" * 32)
    assert not Settings.read(environment).embedded


def test_compose_gives_two_equal_nodes_settings_that_are_accepted(tmp_path: Path) -> None:
    services = compose()["services"]
    assert services["portal1"] == services["portal2"]
    (tmp_path / "DATABASE_URL").write_text("postgresql://portal@database/portal")
    (tmp_path / "PORTAL_SECRET_KEY").write_text("k" * 32)
    (tmp_path / "PORTAL_SMTP_URL").touch()
    environment = {
        name: str(value)
        .replace("${PORTAL_DOMAIN:?set it in .env}", DOMAIN)
        .replace("${PORTAL_MAIL_FROM:-}", "")
        .replace("/run/secrets", str(tmp_path))
        for name, value in services["portal1"]["environment"].items()
    }
    settings = Settings.read(environment)
    assert settings.production
    proxy = services["proxy"]["networks"]["front"]["ipv4_address"]
    assert settings.trusted_proxies == (proxy,)


def test_a_node_of_compose_waits_until_caddy_has_noticed_that_it_stops() -> None:
    node = compose()["services"]["portal1"]
    drain = int(node["environment"]["PORTAL_DRAIN_SECONDS"])
    looks = re.findall(r"health_(?:interval|timeout) (\d+)s", text("Caddyfile"))
    assert len(looks) == 2
    assert sum(map(int, looks)) < drain
    (limit,) = re.findall(r"TimeoutStopSec=(\d+)", text("portal.service"))
    assert int(limit) > drain + FINISH_SECONDS + STOP_SECONDS
    assert node["stop_grace_period"] == f"{limit}s"


def test_no_service_of_compose_can_change_its_image_or_gain_rights() -> None:
    for name, service in compose()["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_compose_reaches_the_database_from_the_portal_alone() -> None:
    content = compose()
    assert content["networks"]["back"]["internal"]
    assert "ports" not in content["services"]["database"]
    assert [*content["services"]["database"]["networks"]] == ["back"]
    assert [*content["services"]["proxy"]["networks"]] == ["front"]


# The image


def stages() -> list[list[str]]:
    """The instructions of each stage of the image, continued lines joined."""
    lines = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text("Containerfile"), flags=re.M))
    instructions = [line for line in lines.splitlines() if line]
    starts = [number for number, line in enumerate(instructions) if line.startswith("FROM ")]
    return [instructions[start:end] for start, end in pairwise([*starts, len(instructions)])]


def test_the_image_runs_as_a_number_and_says_whether_it_is_alive() -> None:
    *_, final = stages()
    assert "USER 10001:10001" in final
    assert not any(line.startswith("RUN") for line in final[final.index("USER 10001:10001") :])
    (health,) = (line for line in final if line.startswith("HEALTHCHECK"))
    assert "http://127.0.0.1:8000/livez" in health
    labels = {name for line in final for name in re.findall(r"opencontainers\.image\.(\w+)", line)}
    assert labels >= {"title", "licenses", "version", "revision", "base"}


def test_the_image_has_nothing_that_installs_packages() -> None:
    *_, final = stages()
    assert "pip" not in " ".join(final)
    assert any("venv --without-pip /opt/portal" in line for line in stages()[0])


def test_the_image_has_the_version_of_the_portal() -> None:
    version = re.search(
        r'^__version__ = "(.+)"', (CHECKOUT / "portal/__init__.py").read_text(), re.M
    )
    assert version
    assert f"ARG VERSION={version[1]}" in stages()[-1]


def copied() -> list[str]:
    """What the image takes from the checkout."""
    lines = [line.split()[1:-1] for line in stages()[0] if line.startswith("COPY")]
    return [name for names in lines for name in names]


def test_what_the_image_copies_is_not_left_out_by_dockerignore() -> None:
    patterns = (CHECKOUT / ".dockerignore").read_text().splitlines()
    let_in = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    assert [name for name in copied() if name.split("/")[0] not in let_in] == []
    assert not any(fnmatch.fnmatch("var/portal.db", pattern) for pattern in let_in)


@pytest.mark.slow
def test_what_the_image_copies_is_enough_to_build_the_portal(tmp_path: Path) -> None:
    source, wheels = tmp_path / "src", tmp_path / "wheel"
    for name in copied():
        copy = shutil.copytree if (CHECKOUT / name).is_dir() else shutil.copy
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        copy(CHECKOUT / name, source / name)
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps"]
    subprocess.run([*pip, "-w", str(wheels), "."], cwd=source, check=True)
    (wheel,) = wheels.iterdir()
    rooms = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {room for room in rooms if not room.endswith(".dist-info")} == {"portal"}
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target"]
    subprocess.run([*install, str(tmp_path / "site"), str(wheel)], check=True)
    answer = subprocess.run(
        [sys.executable, "-m", "portal", "check"],
        env={"PYTHONPATH": str(tmp_path / "site"), "XDG_DATA_HOME": str(tmp_path)},
        cwd=tmp_path,
        check=False,
    )
    assert answer.returncode == 0


# Units


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("unit", ["portal.service", "portal-backup.service"])
def test_a_unit_lets_the_portal_do_little(unit: str, tmp_path: Path) -> None:
    """The database as a server needs nothing more than the file does."""
    path = tmp_path / unit
    drop_in = text("portal.service.d/postgresql.conf") if unit == "portal.service" else ""
    path.write_text(f"{text(unit)}\n{drop_in}")
    limit = f"--threshold={MOST_EXPOSED * 10:.0f}"
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", limit, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-200:]
    assert "Overall exposure level" in done.stdout


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("unit", ["portal.service", "portal-backup.service", "portal-backup.timer"])
def test_a_unit_has_no_line_that_systemd_does_not_know(unit: str) -> None:
    command = ["systemd-analyze", "verify", "--man=no", str(DEPLOY / unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in done.stderr.splitlines() if "is not executable" not in line]
    assert lines == []


def test_a_portal_that_keeps_failing_is_always_started_again() -> None:
    """By default, systemd gives up after five starts in ten seconds."""
    unit, _ = text("portal.service").split("[Service]")
    assert "StartLimitIntervalSec=0\n" in unit
    assert "Restart=always\n" in text("portal.service")


def test_a_command_runs_as_the_service_does(tmp_path: Path) -> None:
    """The file portal.env says what is no secret; a file for each secret has its name."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (tmp_path / "portal.env").write_text('PORTAL_PHONE_HOURS="mon-fri 08:00-16:30"\n')
    (secrets / "PORTAL_SMTP_URL").write_text("smtps://user:p$w'd@mail.example.se\n")
    stand_in = tmp_path / "setpriv"
    stand_in.write_text('#!/bin/sh\nprintf "%s\\n" "$PORTAL_PHONE_HOURS" "$PORTAL_SMTP_URL" "$@"\n')
    stand_in.chmod(0o755)
    script = tmp_path / "portal"
    script.write_text(text("portal").replace("/etc/portal", str(tmp_path)))
    done = subprocess.run(
        ["sh", str(script), "messages", "show", "ABCD EFGH"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    hours, smtp, *words = done.stdout.splitlines()
    assert hours == "mon-fri 08:00-16:30"
    assert smtp == "smtps://user:p$w'd@mail.example.se"
    assert "--reuid=portal" in words
    assert words[-4:] == ["/opt/portal/bin/portal", "messages", "show", "ABCD EFGH"]


@pytest.mark.needs("shellcheck")
def test_the_command_is_a_sound_shell_script() -> None:
    subprocess.run(["shellcheck", str(DEPLOY / "portal")], check=True)


# Proxies, before a portal that is in production


def serving(folder: Path, port: int) -> AbstractContextManager[object]:
    """A portal with the settings of deploy/portal.env; a sender may write twice an hour."""
    lines = re.findall(r"^([A-Z_]+)=(.*)$", text("portal.env"), re.MULTILINE)
    environment = {
        **dict(lines),
        "DATABASE_URL": f"sqlite:///{folder}/portal.db",
        "PORTAL_MESSAGES_PER_HOUR": "2",
        "PYTHONPATH": str(CHECKOUT),
    }
    command = [sys.executable, "-m", "portal", "serve", "--port", str(port)]
    return started(command, port, **environment)


@pytest.fixture(scope="module", params=PROXIES)
def reader(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx2.Client]:
    """A client that reaches a portal through a proxy, as a reader's browser does."""
    folder, node, port = tmp_path_factory.mktemp("proxy"), free_port(), free_port()
    command = request.param(folder, [node], port)
    with (
        serving(folder, node),
        started(command, port, XDG_DATA_HOME=str(folder), XDG_CONFIG_HOME=str(folder)),
        reading_through(port) as client,
    ):
        yield client


CASE = "/sv/arende/ABCDEFGH-abcdefghijklm"


@pytest.mark.slow
@pytest.mark.parametrize("proxy", PROXIES)
def test_no_log_of_a_proxy_names_a_case(
    proxy: Callable[[Path, list[int], int], list[str]], tmp_path: Path
) -> None:
    """Nor does it when the node is away, which proxies log as an error of the request."""
    node, port = free_port(), free_port()
    homes = {"XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with started(proxy(tmp_path, [node], port), port, **homes) as log:
        with ExitStack() as up:
            up.enter_context(serving(tmp_path, node))
            with reading_through(port) as client:
                assert ask(client, "GET", CASE).status_code == 404
                up.close()
                assert ask(client, "GET", CASE, timeout=30).status_code in {502, 503}
        log.seek(0)
        written = log.read() + b"".join(path.read_bytes() for path in tmp_path.glob("*.log"))
    assert CASE.encode() not in written


@pytest.mark.slow
def test_a_page_comes_through_a_proxy_as_the_portal_sends_it(reader: httpx2.Client) -> None:
    page = ask(reader, "GET", "/ar/", headers={"Accept-Encoding": "br"})
    assert page.status_code == 200
    assert page.headers["content-encoding"] == "br"
    assert page.headers["strict-transport-security"].startswith("max-age=")
    assert page.headers["cache-control"] == "no-cache"
    validator = {"If-None-Match": page.headers["etag"], "Accept-Encoding": "br"}
    assert ask(reader, "GET", "/ar/", headers=validator).status_code == 304


@pytest.mark.slow
def test_a_message_comes_through_a_proxy_and_its_sender_is_who_sent_it(
    reader: httpx2.Client,
) -> None:
    """The address of the client counts, not what it writes into X-Forwarded-For."""
    statuses = []
    for number in range(3):
        answer = ask(
            reader,
            "POST",
            "/sv/kontakt",
            data={"message": f"Hej {number}"},
            headers={"X-Forwarded-For": f"192.0.2.{number}", "Origin": f"https://{DOMAIN}"},
        )
        statuses.append(answer.status_code)
        if number == 0:
            receipt = ask(reader, "GET", answer.headers["location"])
            assert receipt.status_code == 200
            assert receipt.headers["cache-control"] == "no-store"
    assert statuses == [303, 303, 429]


@pytest.mark.slow
def test_a_proxy_lets_a_form_be_somewhat_too_large_and_no_larger(reader: httpx2.Client) -> None:
    shown = ask(reader, "POST", "/sv/kontakt", data={"message": "å" * 50_000})
    assert shown.status_code == 413
    assert "å" * 50_000 in shown.text
    assert ask(reader, "POST", "/sv/kontakt", content=b"x" * 2_000_000).status_code == 413


@pytest.mark.slow
def test_an_offer_to_upgrade_ends_at_the_proxy_or_is_ignored(reader: httpx2.Client) -> None:
    offer = {"Connection": "Upgrade", "Upgrade": "websocket"}
    assert ask(reader, "GET", "/sv/", headers=offer).status_code == 200


def trusting() -> ssl.SSLContext:
    """Accepts the certificates that the proxies made for themselves."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.mark.slow
def test_a_proxy_prefers_the_newest_tls(reader: httpx2.Client) -> None:
    context = trusting()
    with (
        socket.create_connection(("127.0.0.1", reader.base_url.port)) as connection,
        context.wrap_socket(connection, server_hostname=DOMAIN) as encrypted,
    ):
        assert encrypted.version() == "TLSv1.3"


def test_nginx_speaks_no_old_tls() -> None:
    """Caddy's own default is the same: TLS 1.2 and 1.3."""
    assert text("nginx.conf").count("    ssl_protocols TLSv1.2 TLSv1.3;\n") == 2


@pytest.mark.slow
def test_no_certificate_is_shown_for_another_name(reader: httpx2.Client) -> None:
    port = reader.base_url.port
    context = trusting()
    with (
        socket.create_connection(("127.0.0.1", port)) as connection,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(connection, server_hostname="other.example.se")


@pytest.mark.slow
def test_a_request_under_another_host_name_reaches_no_page(reader: httpx2.Client) -> None:
    answer = ask(reader, "GET", "/sv/", headers={"Host": "other.example.se"})
    assert answer.status_code != 200 or answer.content == b""


@pytest.mark.needs("nginx")
@pytest.mark.needs("openssl")
def test_nginx_accepts_its_example(tmp_path: Path) -> None:
    command = [*nginx(tmp_path, [8000, 8001], free_port()), "-t"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "test is successful" in done.stderr
    assert "[warn]" not in done.stderr


@pytest.mark.needs("caddy")
def test_caddy_accepts_its_example_in_its_own_format(tmp_path: Path) -> None:
    path = str(DEPLOY / "Caddyfile")
    validate = ["caddy", "validate", "--adapter", "caddyfile", "--config", path]
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    subprocess.run(validate, env=environment, check=True, capture_output=True)
    subprocess.run(["caddy", "fmt", path], env=environment, check=True, capture_output=True)


# The page for operators

ELSEWHERE = ("portal staff ", "portal mail ", "portal outbox ")
"""These ask a person, a mail server or a sent letter, and have tests of their own."""
STAND_INS = {
    "apt-get": "exit",
    "useradd": "exit",
    "curl": "exit",
    # The service makes the tables of an SQLite database when it starts.
    "systemctl": 'case "$*" in *enable*portal.service*) portal db upgrade ;; esac',
    "setpriv": 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"',
    **({} if program("caddy") else {"caddy": "exit"}),
}
"""What runs for programs that would change this machine, or need a network or a user."""


@dataclass
class Machine:
    """A folder that stands for the root of a machine, and a folder with the portal's source."""

    root: Path
    source: Path

    def moved(self, lines: str) -> str:
        """The lines with the machine's folders in place of the root's."""
        return re.sub(r"(?<![\w.])/(opt|etc|var|tmp|usr/local)/", rf"{self.root}/\1/", lines)

    def run(self, commands: list[str]) -> None:
        """Run commands in their order; the first that fails ends the test."""
        done = subprocess.run(
            ["sh", "-eux", "-c", "\n".join(commands)],
            cwd=self.source,
            env={"PATH": f"{self.root}/usr/local/bin:{os.environ['PATH']}:/usr/sbin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine as the page expects it, before anything was installed."""
    machine = Machine(tmp_path / "machine", tmp_path / "source")
    programs = machine.root / "usr/local/bin"
    folders = ("opt", "etc/systemd/system", "etc/caddy", "var/lib", "var/backups", "tmp")
    for folder in (programs, *folders):
        (machine.root / folder).mkdir(parents=True)
    for name, body in STAND_INS.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)
    others = shutil.ignore_patterns(".*", "__pycache__", "var", "dist", "tests", "bench")
    shutil.copytree(CHECKOUT, machine.source, ignore=others)
    for name in ("portal", "portal.env"):
        (machine.source / "deploy" / name).write_text(machine.moved(text(name)))
    return machine


def page_commands() -> list[str]:
    """The commands of docs/deploying.md, in their order."""
    page = (CHECKOUT / "docs/deploying.md").read_text("utf-8")
    return re.findall(r"^    (\S.*)$", page, re.MULTILINE)


def backup_commands() -> list[str]:
    """What the timer runs each night, as a shell writes it (man systemd.service)."""
    lines = re.findall(r"^ExecStart=(.+)$", text("portal-backup.service"), re.MULTILINE)
    settings = ["set -a", ". /etc/portal/portal.env", "set +a"]
    return settings + [line.replace("$$", "$").replace("%%", "%") for line in lines]


def run_here(machine: Machine, command: str) -> list[str]:
    """What runs for a command of the page.

    Packages come from this environment, not from a registry; only their lists are looked for.
    """
    if "--require-hashes" in command:
        packages = next(path for path in sys.path if path.endswith("site-packages"))
        share = machine.moved("for site in /opt/portal-*/lib/python*/*; do ")
        lists = re.findall(r"-r (\S+)", command)
        return [f"test -f {name}" for name in lists] + [
            f"{share} echo {packages} > $site/shared.pth; done"
        ]
    if command.startswith(ELSEWHERE):
        return []
    return [machine.moved(command).replace("-o portal -g portal ", "")]


@pytest.mark.slow
def test_the_page_for_operators_can_be_followed_to_a_backup(machine: Machine) -> None:
    commands = [*page_commands(), *backup_commands()]
    machine.run([line for command in commands for line in run_here(machine, command)])
    backups = {path.stem for path in (machine.root / "var/backups/portal").glob("*.db")}
    assert backups == {"first", f"{date.today().isoweekday()}"}
    settings = (machine.root / "etc/portal/portal.env").read_text()
    assert f"PORTAL_BASE_URL=https://{DOMAIN}\n" in settings
    assert not [*(machine.root / "tmp").iterdir()]
