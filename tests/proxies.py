"""The proxies of deploy/, run before nodes on ports of their own."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import httpx2
import pytest
import yaml

from portal.settings import CHECKOUT
from tests.conftest import program

DEPLOY = CHECKOUT / "deploy"
DOMAIN = "skola.example.se"


def text(name: str) -> str:
    return (DEPLOY / name).read_text("utf-8")


def compose() -> Any:
    """What deploy/compose.yaml says."""
    return yaml.safe_load(text("compose.yaml"))


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def started(command: list[str], port: int, **environment: str) -> Iterator[IO[bytes]]:
    """Run a program until the end of the block, once it accepts connections; gives its log."""
    # A file, not a pipe, which would fill while nodes are gone, and hold the program up.
    with TemporaryFile() as log:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=log
        )
        try:
            while not _accepts(port):
                log.seek(0)
                assert process.poll() is None, log.read().decode()
                time.sleep(0.05)
            yield log
        finally:
            process.terminate()
            process.wait(30)


def _accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def nginx(folder: Path, nodes: Sequence[int], port: int) -> list[str]:
    """The command that runs nginx with the example, on other ports and with a key of its own."""
    make_key = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        f"/CN={DOMAIN}",
    ]
    files = ["-keyout", f"{folder}/privkey.pem", "-out", f"{folder}/fullchain.pem"]
    subprocess.run([*make_key, *files], check=True, capture_output=True)
    site = text("nginx.conf").replace(f"/etc/letsencrypt/live/{DOMAIN}", str(folder))
    site = site.replace("/var/log/nginx", str(folder))
    server = "server 127.0.0.1:8000 max_fails=3 fail_timeout=5s;"
    servers = [server.replace("8000", str(node)) for node in nodes]
    site = site.replace(server, " ".join(servers))
    site = site.replace("listen 443", f"listen 127.0.0.1:{port}")
    site = site.replace("listen 80", f"listen 127.0.0.1:{free_port()}")
    site = re.sub(r"\n *listen \[::\].*", "", site)
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; events {{}}\n"
        f"http {{ include {folder}/site.conf; client_body_temp_path {folder}; }}"
    )
    return [program("nginx") or "", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, nodes: Sequence[int], port: int) -> list[str]:
    """The command that runs Caddy with the example, on other ports and with a key of its own."""
    own = "local_certs\n skip_install_trust\n admin off\n auto_https disable_redirects\n"
    site = text("Caddyfile").replace("{\n", f"{{\n {own} https_port {port}\n", 1)
    addresses = " ".join(f"127.0.0.1:{node}" for node in nodes)
    site = site.replace("127.0.0.1:8000", addresses)
    (folder / "Caddyfile").write_text(site)
    config = ["--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    return [program("caddy") or "", "run", *config]


PROXIES = [
    pytest.param(nginx, marks=[pytest.mark.needs("nginx"), pytest.mark.needs("openssl")]),
    pytest.param(caddy, marks=pytest.mark.needs("caddy")),
]


@contextmanager
def reading_through(port: int) -> Iterator[httpx2.Client]:
    """A client of a proxy, once that has its certificate and its connection to a node."""
    address = f"https://127.0.0.1:{port}"
    with httpx2.Client(base_url=address, headers={"Host": DOMAIN}, verify=False) as client:
        while not is_served(client):
            time.sleep(0.05)
        yield client


def is_served(reader: httpx2.Client) -> bool:
    """Whether the proxy has its certificate and its connection to the portal."""
    try:
        return ask(reader, "GET", "/livez").status_code == 200
    except httpx2.TransportError:
        return False


def ask(reader: httpx2.Client, method: str, path: str, **options: Any) -> httpx2.Response:
    """Send a request under the portal's public name."""
    return reader.request(method, path, extensions={"sni_hostname": DOMAIN}, **options)
