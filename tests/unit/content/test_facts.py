"""Each fact is stated once, and has a form for people and one for machines."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from portal.content import facts
from portal.content.facts import Facts, dialled
from portal.settings import CHECKOUT, DATA

FACTS = Facts()
FILES = [
    *(DATA / "templates").rglob("*.html"),
    *(DATA / "locales").rglob("*.po"),
    *(path for path in (CHECKOUT / "portal").rglob("*.py") if path != Path(facts.__file__)),
]


@pytest.mark.parametrize(
    ("phone", "dialling"),
    [
        (FACTS.phone, "+46313650960"),
        ("08-00 00 10", "+468000010"),
    ],
)
def test_a_number_is_dialled_from_any_country(phone: str, dialling: str) -> None:
    assert dialled(phone) == dialling


def test_the_visiting_address_has_a_link_for_the_web_and_one_for_map_apps() -> None:
    moved = replace(FACTS, latitude=1.5, longitude=-2.25)
    assert moved.map_url == "https://www.openstreetmap.org/?mlat=1.5&mlon=-2.25#map=17/1.5/-2.25"
    assert moved.geo_url == "geo:1.5,-2.25"


@pytest.mark.parametrize(
    "fact",
    [
        FACTS.phone,
        FACTS.visiting_address,
        *FACTS.postal_address,
        FACTS.first_investigation_number,
        FACTS.access_law,
        FACTS.city_data_page,
        str(FACTS.latitude),
        str(FACTS.formed.year),
    ],
)
def test_a_fact_is_typed_into_no_template_and_no_translation(fact: str) -> None:
    assert len(FILES) > 40
    pattern = re.compile(rf"\b{re.escape(fact)}\b")  # 2018 is not in the escape "\u2018"
    assert [path for path in FILES if pattern.search(path.read_text("utf-8"))] == []
