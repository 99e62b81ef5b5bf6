"""What the documents say is so."""

import re
from pathlib import Path
from pkgutil import iter_modules, resolve_name

import pytest

import portal
from portal import __version__
from portal.commands import main
from portal.settings import CHECKOUT, Confirmed, Settings, rows

DOCUMENTS = [
    path for pattern in ("*.md", "docs/**/*.md", "bench/*.md") for path in CHECKOUT.glob(pattern)
]
FOLDERS = "portal|tests|templates|docs|static|locales|bench|requirements|deploy"
ROOMS = "|".join(module.name for module in iter_modules(portal.__path__) if module.ispkg)


def text(name: str) -> str:
    return (CHECKOUT / name).read_text("utf-8")


def test_the_readme_lists_exactly_the_settings() -> None:
    listed = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+?) \|", text("README.md"), re.MULTILINE))
    assert listed == {
        row.metadata["variable"]: row.metadata["meaning"]
        for row in rows(Settings) + rows(Confirmed)
    }


def test_operators_are_told_of_every_setting_and_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = text("README.md") + text("docs/operating.md")
    settings = [row.metadata["variable"] for row in rows(Settings) + rows(Confirmed)]
    assert [name for name in settings if f"`{name}`" not in page] == []
    commands = re.findall(r"`portal ([^`]+)`((?:, `[a-z]+`)*)", page)
    named = {first for first, _ in commands} | {
        f"{first.split()[0]} {word}"
        for first, rest in commands
        for word in re.findall(r"\w+", rest)
    }
    for noun in subcommands(capsys):
        for command in [f"{noun} {verb}" for verb in subcommands(capsys, noun)] or [noun]:
            assert command in named, command


def subcommands(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """The commands that the help of a command lists."""
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    return re.findall(r"^    ([a-z]+)\s", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text("utf-8")):
        assert target.startswith("https://") or (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_named_files_exist(path: Path) -> None:
    names = re.findall(rf"`((?:{FOLDERS})/[\w./-]+)`", path.read_text("utf-8"))
    assert [name for name in names if not (CHECKOUT / name).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_named_modules_and_their_parts_exist(path: Path) -> None:
    for name in re.findall(rf"`((?:{ROOMS})\.[a-z_]+(?:\.\w+)*)", path.read_text("utf-8")):
        assert resolve_name(f"portal.{name}"), name


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_named_commands_exist(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = re.findall(r"`[^`\n]+`|^    [^#\n]+", path.read_text("utf-8"), re.MULTILINE)
    commands = re.findall(r"\b(portal|dev\.py) ([a-z]+)(?: ([a-z]+))?", "\n".join(code))
    for program, *words in set(commands):
        if program == "dev.py" and words[0] in {"test", "bench", "release"}:
            continue
        with pytest.raises(SystemExit) as end:
            main([*filter(None, words), "--help"])
        assert end.value.code == 0, words
    capsys.readouterr()


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (r"page.*?\| portal", 1, r"A page, .*? \| (\S+) µs"),
        (r"page.*?\| portal", 3, r"of CPU, ([\d,]+) a second on one core"),
        (r"304.*?\| portal", 1, r"\(304\) \| (\S+) µs"),
        (r"300 sv, 64 .*?\| portal", 1, r"64 senders at once \| (\S+) µs"),
        (r"300 sv, 64 .*?\| portal", 3, r"µs, ([\d,]+) a second on one core"),
        (r"300 sv, 1 .*?\| portal", 3, r"each receipt \| ([\d,]+) a second"),
        (r"Growth.*?\| 3", 4, r"Memory \| (\d+) MB"),
    ],
)
def test_the_figures_of_scale_are_those_that_were_measured(
    row: str, column: int, words: str
) -> None:
    match = re.search(rf"^##+ {row} (\|.*)$", text("bench/results.md"), re.MULTILINE | re.DOTALL)
    stated = re.search(words, text("docs/scale.md"))
    assert match
    assert stated
    measured = number(match[1].splitlines()[0].split("|")[column])
    assert 0.75 < number(stated[1]) / measured < 1.25


def number(written: str) -> float:
    """The value of a number with commas."""
    return float(written.strip().replace(",", ""))


def test_the_version_is_the_same_everywhere() -> None:
    assert f"\n## {__version__}," in text("CHANGELOG.md")
    assert f"softwareVersion: {__version__}\n" in text("publiccode.yml")
    assert f"    VERSION={__version__}\n" in text("docs/deploying.md")


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt", "build.txt"])
def test_locks_have_hashes_and_name_no_registry(lock: str) -> None:
    content = text(f"requirements/{lock}")
    pins = re.findall(r"^[\w.\[\]-]+==\S+.*\\$", content, re.MULTILINE)
    assert len(pins) > 5
    assert content.count("--hash=sha256:") >= len(pins)
    assert "://" not in content
