"""The code keeps its structure: modules import in the order of the packages' docstrings, each
library is used only where it belongs, and names and docstrings are informative."""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import portal

ROOT = Path(portal.__file__).parent
CHECKOUT = ROOT.parent

Function = ast.FunctionDef | ast.AsyncFunctionDef

LISTED_NAME = re.compile(r"^    ([a-z0-9_.]+)  ", re.MULTILINE)
"""A line of a package's docstring: the name of a package or module, and its description."""

IMPORTERS = {
    "starlette": ("web", "translators.preview"),
    "uvicorn": ("web", "commands"),
    "sqlalchemy": ("storage", "staff", "cases"),
    "alembic": ("storage.migrations",),
    "jinja2": ("i18n.rendering", "commands"),
    "argon2": ("staff.passwords",),
    "segno": ("web.staff.sign_in",),
    "polib": ("translators.merging",),
    "aiosmtplib": ("mail.delivery",),
}
"""The packages and modules that may import a library."""

LATE = (
    "portal.storage.migrations.steps.",
    "email_validator.",
    "holidays.",
    "portal.mail.delivery.",
    "portal.web.staff.routes.",
)
"""Slow to import and seldom needed, so imported inside the function that needs it."""

OF_A_SESSION = re.compile(
    r"pg_(try_)?advisory_(un)?lock|\bTEMP(ORARY)?\b|\bWITH HOLD\b|set_config\(.*\bfalse\b"
    r"|(^|;)\s*(SET (?!LOCAL |TRANSACTION )|(UN)?LISTEN |PREPARE )"
)
"""A statement that does to PostgreSQL's session what the end of a transaction does not undo."""

LARGEST_PACKAGE = 16
"""Modules in a folder. A package with more than these should be two."""
LONGEST_FUNCTION = 40
"""Lines without the docstring, which fit a screen."""
MANY_PARAMETERS = 5
"""The docstring of a function with so many describes each of them."""

PATTERN_NAMES = {"utils", "helpers", "common", "base", "core", "manager", "service"}
"""No module has such a name: modules are named for their subject, not for a pattern."""
STAND_INS = {
    *("one", "found", "given", "known", "kept"),
    *("told", "said", "wanted", "whole", "sign"),
}
"""No variable has such a name: it says how a value was obtained, not what it is."""


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def listed_in(package: Path) -> list[str]:
    """The names that the docstring of a package lists, in order; none for a single module."""
    path = package / "__init__.py"
    docstring = ast.get_docstring(parsed(path), clean=False) if path.exists() else ""
    return LISTED_NAME.findall(docstring or "")


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module that has code, with its dotted name below ``portal``."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        # A package that has only a docstring is no module, and migrations import nothing.
        if name and "versions" not in parts and len(parsed(path).body) > 1:
            yield name, parsed(path)


MODULES = dict(modules())
PACKAGES = listed_in(ROOT)
LISTED = [f"{package}.{name}" for package in PACKAGES for name in listed_in(ROOT / package)]
ORDER = [
    *(
        f"{package}.{name}".strip(".")
        for package in PACKAGES
        for name in [*listed_in(ROOT / package), ""]
    ),
    "__main__",
]
"""The order in which modules may import; the code of a package itself comes after its modules."""

SOURCES = [
    str(path.relative_to(CHECKOUT))
    for folder in ("portal", "tests", "bench")
    for path in sorted((CHECKOUT / folder).rglob("*.py"))
] + ["dev.py"]


def is_within(name: str, *places: str) -> bool:
    """Whether a dotted name is one of the places, or below one of them."""
    return any(f"{name}.".startswith(f"{place}.") for place in places)


def rank(name: str) -> int:
    """The position of a module in the order; a part of a module has that of the module."""
    return ORDER.index(max((entry for entry in ORDER if is_within(name, entry)), key=len))


def imports(tree: ast.AST) -> set[str]:
    """The dotted names that are imported anywhere in a tree."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def imported_modules(name: str) -> set[str]:
    """The modules of the portal that a module imports."""
    ours = (path.removeprefix("portal.") for path in imports(MODULES[name]))
    return {path if path in MODULES else path.rpartition(".")[0] for path in ours} & {*MODULES}


def functions(tree: ast.AST) -> Iterator[Function]:
    """Every function and method in a tree, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def public_functions(tree: ast.Module) -> Iterator[Function]:
    """The functions of a module, and the methods of its classes, that others may call."""
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    for node in [*tree.body, *(node for cls in classes for node in cls.body)]:
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield node


def line_count(function: Function) -> int:
    """The lines of a function's body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_the_docstrings_list_every_module() -> None:
    for entry in [*PACKAGES, *LISTED]:
        assert any(is_within(name, entry) for name in MODULES), f"{entry} is listed, and is not"
    assert [name for name in MODULES if name not in ORDER and not is_within(name, *LISTED)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_has_few_modules(package: str) -> None:
    folders = Counter(name.rpartition(".")[0] for name in LISTED if is_within(name, package))
    assert max(folders.values(), default=0) <= LARGEST_PACKAGE


def test_a_module_imports_only_from_above() -> None:
    for name in MODULES:
        assert {m for m in imported_modules(name) if rank(m) > rank(name)} == set(), name


@pytest.mark.parametrize("library", IMPORTERS)
def test_a_library_is_imported_only_where_it_belongs(library: str) -> None:
    users = {
        name
        for name, tree in MODULES.items()
        if any(is_within(path, library) for path in imports(tree))
    }
    assert users
    assert {name for name in users if not is_within(name, *IMPORTERS[library])} == set()


def test_only_the_settings_read_the_environment() -> None:
    environment = {"os.environ", "os.environb", "os.getenv", "os.getenvb"}
    users = set()
    for name, tree in MODULES.items():
        attributes = (node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute))
        if not environment.isdisjoint(imports(tree) | {f"os.{name}" for name in attributes}):
            users.add(name)
    assert users == {"settings"}


def test_nothing_stays_with_a_session_of_the_database() -> None:
    """A pooler gives the connection to somebody else after each transaction."""
    nodes = (node for path in ROOT.rglob("*.py") for node in ast.walk(parsed(path)))
    texts = (node.value for node in nodes if isinstance(node, ast.Constant))
    assert [text for text in texts if isinstance(text, str) and OF_A_SESSION.search(text)] == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_try_advisory_lock_shared(1)",
        "SET statement_timeout = 6000",
        "SET LOCAL lock_timeout = 1;\nSET SESSION work_mem = 1",
        "SELECT set_config('lock_timeout', '1', false)",
        "LISTEN letters",
        "CREATE TEMP TABLE senders (number bigint)",
        "DECLARE rows CURSOR WITH HOLD FOR SELECT 1",
        "PREPARE find AS SELECT 1",
    ],
)
def test_what_stays_with_a_session_is_recognised(statement: str) -> None:
    assert OF_A_SESSION.search(statement)


def test_a_module_imports_at_the_top() -> None:
    for name, tree in MODULES.items():
        for function in functions(tree):
            hidden = {path for path in imports(function) if not f"{path}.".startswith(LATE)}
            assert hidden == set(), f"{name}.{function.name}"


def test_a_start_imports_nothing_of_what_is_imported_late() -> None:
    code = "import sys, portal.commands.serve; print(*sys.modules)"
    imported = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, check=True, capture_output=True, text=True
    ).stdout.split()
    late = (
        *LATE,
        "alembic.",
        "aiosmtplib.",
        "argon2.",
        "segno.",
        "sqlalchemy.dialects.postgresql.",
    )
    assert [name for name in imported if f"{name}.".startswith(late)] == []


def test_a_module_is_named_for_its_subject() -> None:
    assert [name for name in MODULES if not PATTERN_NAMES.isdisjoint(name.split("."))] == []


def test_functions_fit_a_screen() -> None:
    lengths = {
        f"{name}.{function.name}": line_count(function)
        for name, tree in MODULES.items()
        for function in functions(tree)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_a_single_line_used_once_is_no_function() -> None:
    """Too many tiny functions are as hard to read as one that is too long."""
    for name, tree in MODULES.items():
        nodes = [*ast.walk(tree)]
        used = [node.id for node in nodes if isinstance(node, ast.Name)]
        used += [node.attr for node in nodes if isinstance(node, ast.Attribute)]
        calls = (ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call))
        called = {call.rpartition(".")[2] for call in calls}
        assert [
            function.name
            for function in functions(tree)
            if re.match("_[a-z]", function.name) and not function.decorator_list
            if line_count(function) == used.count(function.name) == 1 and function.name in called
        ] == [], name


def test_many_parameters_and_raised_errors_are_documented() -> None:
    """The errors are those that the function raises itself.

    The exception that Starlette turns into a response is a result of an endpoint, not an error.
    """
    for function in (function for tree in MODULES.values() for function in public_functions(tree)):
        signature = function.args
        parameters = [*signature.posonlyargs, *signature.args, *signature.kwonlyargs]
        names = {parameter.arg for parameter in parameters} - {"self", "cls"}
        raised = {
            ast.unparse(node.exc.func).rpartition(".")[2]
            for node in ast.walk(function)
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        }
        errors = {error for error in raised if error[0].isupper()} - {"HTTPException"}
        needed = errors | (names if len(names) >= MANY_PARAMETERS else set())
        documented = set(re.findall(r"\w+", ast.get_docstring(function) or ""))
        assert needed - documented == set(), function.name


def test_a_docstring_says_more_than_the_name() -> None:
    for node in (node for source in SOURCES for node in ast.walk(parsed(CHECKOUT / source))):
        if isinstance(node, Function | ast.ClassDef) and (docstring := ast.get_docstring(node)):
            assert stems(docstring) - FILLERS - stems(node.name), node.name


def stems(text: str) -> set[str]:
    """The words of a text or of a name, without their endings."""
    words = re.findall(r"[A-Z]?[a-z]+", text)
    return {re.sub(r"(?<=..)(ing|ed|es|s|e)$", "", word.lower()) for word in words}


FILLERS = stems(
    "a all an and any are as at be been by each every for from has have here how in is it its of "
    "on one or some that the their them there these they this those to was were what when where "
    "which who with"
)
"""Words that carry no information by themselves."""


def test_names_say_what_they_hold() -> None:
    assert [
        f"{source}:{getattr(node, 'lineno', '?')}: {name}"
        for source in SOURCES
        for node in ast.walk(parsed(CHECKOUT / source))
        if (name := bound_name(node)) in STAND_INS
    ] == []


def bound_name(node: ast.AST) -> str | None:
    """The name that a node gives to a value, a function or a class."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            return name
        case ast.arg(arg=name) | ast.alias(asname=name):
            return name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.ExceptHandler(name=name) | ast.MatchAs(name=name) | ast.MatchStar(name=name):
            return name
    return None
