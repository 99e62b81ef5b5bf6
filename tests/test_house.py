"""The house stands: a module imports only from modules before it, and each keeps its room."""

import ast
import re
from pathlib import Path

import pytest

import portal

ROOT = Path(portal.__file__).parent
LISTED = re.compile(r"^    ([a-z0-9_.]+)  ", re.MULTILINE)
"""A line of a floor plan: the name of a room or a module, and what it is."""


def listed(*room: str) -> list[str]:
    """The names in the floor plan of a room, in order."""
    tree = ast.parse(ROOT.joinpath(*room, "__init__.py").read_text("utf-8"))
    return LISTED.findall(ast.get_docstring(tree, clean=False) or "")


ORDER = [
    f"{room}.{module}" if module else room
    for room in listed()
    for module in (listed(room) if (ROOT / room).is_dir() else []) or [""]
]
"""The floor plans are the only lists."""

ROOMS = {
    "starlette": ("web.", "translators.preview"),
    "uvicorn": ("web.protocol", "web.fast_path", "commands"),
    "sqlalchemy": ("storage.", "cases."),
    "alembic": ("storage.migrations",),
    "jinja2": ("i18n.rendering", "commands"),
    "polib": ("translators.merging",),
}
"""Which modules may know a package."""

LATE = (
    "portal.storage.migrations.steps.",
    "email_validator.",
    "holidays.",
    "sqlalchemy.ext.asyncio.",
)
"""What is heavy and seldom needed, and therefore imported by the function that needs it."""

EMPTY_NAMES = {"utils", "helpers", "common", "base", "core", "manager", "service"}


def name_of(path: Path) -> str:
    """The name of a module below ``portal``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {
    name_of(path): path
    for path in sorted(ROOT.rglob("*.py"))
    if "versions" not in path.parts and "__main__" not in path.name
}
MODULES = {name: path for name, path in MODULES.items() if name in ORDER or "." in name}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in MODULES.items()}


def imports(tree: ast.AST) -> set[str]:
    """What is imported there."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def ours(name: str) -> set[str]:
    """Those of our modules that a module imports."""
    found = imports(TREES[name])
    inside = {one.removeprefix("portal.") for one in found if one.startswith("portal.")}
    return {one for path in inside for one in (path, path.rpartition(".")[0]) if one in MODULES}


def test_the_floor_plan_names_every_module() -> None:
    assert set(ORDER) == {n for n in MODULES if not n.startswith("storage.migrations.")} - {
        "web.public"
    }


@pytest.mark.parametrize("name", ORDER)
def test_a_module_imports_only_from_above(name: str) -> None:
    floor = ORDER.index(name)
    below = {one for one in ours(name) if one in ORDER and ORDER.index(one) >= floor}
    assert not below - {name}, "a package may import its own parts"


@pytest.mark.parametrize("package", ROOMS)
def test_a_package_is_known_only_in_its_rooms(package: str) -> None:
    users = {
        name
        for name in MODULES
        if any(f"{one}.".startswith(f"{package}.") for one in imports(TREES[name]))
    }
    strangers = {name for name in users if not name.startswith(ROOMS[package])}
    assert users
    assert not strangers


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_for_and_hides_no_import(name: str) -> None:
    tree = TREES[name]
    assert ast.get_docstring(tree)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            hidden = {one for one in imports(function) if not f"{one}.".startswith(LATE)}
            assert not hidden, function.name
    assert not EMPTY_NAMES & set(name.split("."))


@pytest.mark.parametrize("name", [name for name in MODULES if name != "settings"])
def test_only_the_settings_read_the_environment(name: str) -> None:
    assert "environ" not in {n.attr for n in ast.walk(TREES[name]) if isinstance(n, ast.Attribute)}
    assert "os.environ" not in imports(TREES[name])


def test_functions_are_short() -> None:
    """Half of all functions have at most ten lines, nine tenths at most thirty-five."""
    lengths = sorted(
        (node.end_lineno or 0) - node.body[0].lineno + 1
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[len(lengths) // 2] <= 10
    assert lengths[len(lengths) * 9 // 10] <= 35


def test_public_functions_say_what_they_do() -> None:
    silent = [
        f"{name}.{node.name}"
        for name, tree in TREES.items()
        for body in [tree.body, *(n.body for n in tree.body if isinstance(n, ast.ClassDef))]
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    # An override says what it does where it is first defined.
    assert [one for one in silent if one.split(".")[-1] not in OVERRIDES] == []


OVERRIDES = {
    "connection_lost",
    "connection_made",
    "data_received",
    "dump_bytecode",
    "format",
    "load_bytecode",
    "load_dialect_impl",
    "on_body",
    "on_header",
    "on_headers_complete",
    "on_message_begin",
    "on_message_complete",
    "pause_writing",
    "process_bind_param",
    "process_result_value",
    "resume_writing",
    "eof_received",
    "on_response_complete",
    "text",
    "timeout_keep_alive_handler",
}
