"""Style sheets use logical properties, declared layers and colours with enough contrast."""

import re
from pathlib import Path

import pytest

from portal.settings import DATA
from portal.web.assets import STAFF_STYLES, styles

FOLDER = DATA / "static" / "css"
FILES = sorted(FOLDER.rglob("*.css"))
CONTRAST = 7.0
"""WCAG 2.2, 1.4.6 (AAA)."""

UNMIRRORED = {"tokens.css"}
"""Scripts differ in font, size and leading; ``:dir()`` alone is too new to tell them apart."""

PHYSICAL = re.compile(
    r"(margin|padding|border|scroll-margin|scroll-padding)-(left|right|top|bottom)\b"
    r"|(?<![-\w])(left|right|top|bottom|width|height|(min|max)-(width|height)|float)\s*:"
    r"|text-align:\s*(left|right)|translateX"
)


def bare(path: Path) -> str:
    """A style sheet without its comments."""
    return re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_only_logical_properties_are_used(path: Path) -> None:
    assert not PHYSICAL.search(bare(path))
    if path.name not in UNMIRRORED:
        assert "[dir" not in bare(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_rule_is_in_a_declared_layer(path: Path) -> None:
    declared = bare(FOLDER / "portal.css").strip().removeprefix("@layer ").rstrip(";").split(", ")
    layers = re.findall(r"@layer (\w+) \{", bare(path))
    if path.name == "portal.css":
        assert layers == []
    else:
        assert len(layers) == 1
        assert layers[0] in declared
        assert bare(path).strip().startswith("@layer")


def test_every_style_sheet_is_served() -> None:
    bundle = styles(FOLDER)
    assert bundle.startswith(b"@layer tokens")
    bundle += styles(FOLDER, STAFF_STYLES)
    assert all(path.read_bytes() in bundle for path in FILES)


def test_no_file_is_loaded_and_no_text_is_italic_or_justified() -> None:
    bundle = styles(FOLDER).decode()
    assert "url(" not in bundle
    assert "@import" not in bundle
    assert not re.search(r"font-style:\s*italic|text-align:\s*justify", bundle)


def colours(scheme: str) -> dict[str, str]:
    """The colours of the light or the dark scheme."""
    text = bare(FOLDER / "tokens.css")
    light, dark = text.split("@media screen and (prefers-color-scheme: dark)")
    palette = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})", light))
    if scheme == "dark":
        palette |= dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})", dark))
    return palette


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(text: str, ground: str) -> float:
    high, low = sorted((luminance(text), luminance(ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "grounds"),
    [
        ("ink", ("ground", "surface", "tint", "alarm-tint")),
        ("ink-soft", ("ground", "surface", "tint")),
        ("link", ("ground", "surface", "tint")),
        ("alarm", ("ground", "surface", "alarm-tint")),
        ("on-brand", ("brand",)),
    ],
)
def test_text_has_enough_contrast_on_every_background(
    scheme: str, text: str, grounds: tuple[str, ...]
) -> None:
    palette = colours(scheme)
    for ground in grounds:
        assert contrast(palette[text], palette[ground]) >= CONTRAST, (text, ground)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_edges_and_focus_have_enough_contrast(scheme: str) -> None:
    palette = colours(scheme)
    assert contrast(palette["edge"], palette["surface"]) >= 3
    assert contrast(palette["focus"], palette["focus-ground"]) >= 3
