#!/usr/bin/env python3
"""Set the portal up and run it, or set everything up and run all tests.

    python3 dev.py serve        the portal on http://127.0.0.1:8000
    python3 dev.py test         all tests, with a browser and a PostgreSQL of their own
                                (-m quick: those that need neither, nor a running
                                portal, in half a minute;
                                -n 0: one after the other, as a debugger needs it)
    python3 dev.py bench        what it costs, beside what others cost (Linux; half an hour)
                                (before PATH: beside an older checkout;
                                fill FILE: only make a database of a million cases)
    python3 dev.py release      the wheel, the source archive and what is in them, in dist/
    python3 dev.py messages …   any other command of `portal`

Needs Python 3.11 or newer and nothing else: what is missing (pip, a browser) is
fetched, and each step says what it does. Further arguments are passed on.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV, BENCH_VENV = ROOT / ".venv", ROOT / ".venv-bench"
MAC_CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
LOCK = "requirements/run.txt"
# A worker for each core, each with servers of its own. A file stays with one worker, and the
# slow files, which come first by name, are begun first.
PARALLEL = ("-n", "logical", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder")
HEARTBEAT = 15


def main() -> int:
    if sys.version_info < (3, 11):
        sys.exit("The portal needs Python 3.11 or newer.")
    command, rest = (sys.argv[1:2] or ["serve"])[0], sys.argv[2:]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if command == "test":
        install(VENV, "requirements/dev.txt")
        if "quick" not in rest:
            environment["PORTAL_TEST_CHROMIUM"] = browser()
            if not shutil.which("msgfmt") and not apt("gettext"):
                sys.exit("The tests check catalogs with gettext's own tools: install gettext.")
        return run(python(VENV), "-m", "pytest", *PARALLEL, *rest, env=environment)
    if command == "bench":
        install(BENCH_VENV, LOCK, "bench/requirements.txt")
        return run(python(BENCH_VENV), "-m", "bench", *rest, env=environment)
    if command == "release":
        install(VENV, "requirements/dev.txt")
        return release(ROOT / "dist", python(VENV))
    install(VENV, LOCK)
    return run(python(VENV), "-m", "portal", command, *rest, env=environment)


def python(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def say(text: str) -> None:
    print(f"» {text}", file=sys.stderr, flush=True)


def run(*command: object, env: dict[str, str]) -> int:
    """Replace this process with a program, so that a signal to stop reaches it."""
    words = [str(part) for part in command]
    os.chdir(ROOT)
    if os.name == "nt":
        return subprocess.run(words, env=env, check=False).returncode
    os.execve(words[0], words, env)


def step(what: str, *command: object) -> bool:
    """Run one step of the setup, and print a line now and then while it takes long."""
    say(what)
    started, done = time.monotonic(), threading.Event()

    def tell() -> None:
        while not done.wait(HEARTBEAT):
            say(f"  still at it ({time.monotonic() - started:.0f} s)")

    threading.Thread(target=tell, daemon=True).start()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run([str(part) for part in command], env=environment, check=False)
    done.set()
    return result.returncode == 0


def works(*command: object) -> bool:
    """Whether a program can be run and exits with 0."""
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def install(venv: Path, *locks: str) -> None:
    """Install the locked packages, unless just these are installed."""
    make_environment(venv)
    for lock in locks:
        requirements = ROOT / lock
        stamp = venv / f"{lock.replace('/', '-')}.installed"
        digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
        if stamp.exists() and stamp.read_text() == digest:
            continue
        pip = (python(venv), "-m", "pip", "install", "-q", "--disable-pip-version-check")
        exact = ("--require-hashes", "--only-binary", ":all:", "-r", requirements)
        if not step(f"Installing the packages of {lock} (a minute or two)", *pip, *exact):
            sys.exit("The packages could not be installed; see above.")
        stamp.write_text(digest)


def release(folder: Path, interpreter: object) -> int:
    """Build the wheel and the source archive, and list what they need (CycloneDX).

    Their bytes depend on the checkout alone, not on the time or the place of the build.

    Args:
        folder: where they are put.
        interpreter: a Python with the packages of requirements/dev.txt.

    Returns:
        the exit code.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if works("git", "-C", ROOT, "rev-parse"):
        last = subprocess.check_output(["git", "-C", ROOT, "log", "-1", "--format=%ct"], text=True)
        os.environ.setdefault("SOURCE_DATE_EPOCH", last.strip())
    os.chdir(ROOT)
    build = (interpreter, "-m", "hatchling", "build", "-d", folder)
    if not step("Building the wheel and the source archive", *build):
        return 1
    (archive,) = folder.glob("*.tar.gz")
    name = archive.name.removesuffix(".tar.gz")
    # It warns that the lock does not say which package needs which.
    lister = (interpreter, "-W", "ignore", "-m", "cyclonedx_py", "requirements", LOCK)
    path = folder / f"{name}.cdx.json"
    options = ("--pyproject", "pyproject.toml", "--output-reproducible", "-o", path)
    if not step(f"Listing what is in it in {path.name}", *lister, *options):
        return 1
    parts = json.loads(path.read_text("utf-8"))
    parts["metadata"]["component"]["version"] = name.rpartition("-")[2]
    path.write_text(json.dumps(parts, indent=2), "utf-8")
    return 0


def make_environment(venv: Path) -> None:
    """Make an environment, in whichever way this machine can."""
    if works(python(venv), "-m", "pip", "--version"):
        return
    shutil.rmtree(venv, ignore_errors=True)
    say(f"Making a Python environment in {venv.name}")
    if works(sys.executable, "-m", "venv", venv):
        return
    shutil.rmtree(venv, ignore_errors=True)
    if works("uv", "venv", "--seed", "--python", sys.executable, venv):
        return
    if apt("python3-venv") and works(sys.executable, "-m", "venv", venv):
        return
    sys.exit("This Python cannot make environments. On Debian or Ubuntu: apt install python3-venv")


def browser() -> str:
    """A Chromium or Chrome for the tests, installed if there is none."""
    if not works(python(VENV), "-m", "playwright", "--version"):
        apt("libatomic1")  # playwright's own runtime needs it, and small systems lack it
    if path := find_browser():
        return path
    if is_debian() and apt("chromium") and (path := find_browser()):
        return path
    fetch = (python(VENV), "-m", "playwright", "install", "chromium")
    if step("Fetching a Chromium for the tests", *fetch) and (path := find_browser()):
        return path
    sys.exit("No Chromium was found: install Chromium or Chrome, or set PORTAL_TEST_CHROMIUM.")


def find_browser() -> str | None:
    candidates = [
        os.environ.get("PORTAL_TEST_CHROMIUM"),
        shutil.which("chromium"),
        shutil.which("google-chrome"),
        MAC_CHROME,
        playwrights_own(),
    ]
    return next((path for path in candidates if path and Path(path).exists()), None)


def playwrights_own() -> str:
    ask = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as p: print(p.chromium.executable_path)"
    )
    answer = subprocess.run([python(VENV), "-c", ask], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def is_debian() -> bool:
    """Whether this is Debian. Ubuntu's chromium package is a snap, which tests cannot drive."""
    release = Path("/etc/os-release")
    return release.exists() and "ID=debian" in release.read_text().splitlines()


def apt(*packages: str) -> bool:
    """Install Debian packages, where that can be done without asking for a password."""
    if not shutil.which("apt-get"):
        return False
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if as_root and not works(*as_root, "true"):
        return False
    get = (*as_root, "apt-get", "-q", "-o", "Dpkg::Use-Pty=0")
    return step("Asking which packages there are", *get, "update") and step(
        f"Installing {' and '.join(packages)}",
        *(*get, "install", "-y", "--no-install-recommends", *packages),
    )


if __name__ == "__main__":
    sys.exit(main())
