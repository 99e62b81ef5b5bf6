"""Each fact stands once, and is given to people and to machines in their own way."""

from dataclasses import replace
from pathlib import Path

import pytest

from portal.content import facts
from portal.content.facts import Facts, dialled
from portal.settings import CHECKOUT, DATA

KNOWN = Facts()
WRITTEN = [
    *(DATA / "templates").rglob("*.html"),
    *(DATA / "locales").rglob("*.po"),
    *(path for path in (CHECKOUT / "portal").rglob("*.py") if path != Path(facts.__file__)),
]


@pytest.mark.parametrize(
    ("phone", "dialling"),
    [
        (KNOWN.phone, "+46313650960"),
        ("08-00 00 10", "+468000010"),
    ],
)
def test_a_number_is_dialled_from_any_country(phone: str, dialling: str) -> None:
    assert dialled(phone) == dialling


def test_the_place_is_opened_on_a_map_and_in_the_readers_own_app() -> None:
    moved = replace(KNOWN, latitude=1.5, longitude=-2.25)
    assert moved.map_url == "https://www.openstreetmap.org/?mlat=1.5&mlon=-2.25#map=17/1.5/-2.25"
    assert moved.geo_url == "geo:1.5,-2.25"


@pytest.mark.parametrize(
    "fact",
    [
        KNOWN.phone,
        KNOWN.visiting_address,
        *KNOWN.postal_address,
        KNOWN.first_investigation_number,
        KNOWN.access_law,
        KNOWN.city_data_page,
        str(KNOWN.latitude),
        str(KNOWN.formed.year),
    ],
)
def test_a_fact_is_typed_into_no_template_and_no_translation(fact: str) -> None:
    assert len(WRITTEN) > 40
    assert [path for path in WRITTEN if fact in path.read_text("utf-8")] == []
