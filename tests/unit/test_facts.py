"""Each fact stands once, and is given to people and to machines in their own way."""

from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portal import facts
from portal.facts import Facts, confirmed, dialled
from portal.hours import Hours
from portal.settings import CHECKOUT, DATA, Settings

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
        (KNOWN.switchboard, "+46313650000"),
        ("08-00 00 10", "+468000010"),
    ],
)
def test_a_number_is_dialled_from_any_country(phone: str, dialling: str) -> None:
    assert dialled(phone) == dialling


def test_the_place_is_opened_on_a_map_and_in_the_readers_own_app() -> None:
    moved = replace(KNOWN, latitude=1.5, longitude=-2.25)
    assert moved.map_url == "https://www.openstreetmap.org/?mlat=1.5&mlon=-2.25#map=17/1.5/-2.25"
    assert moved.geo_url == "geo:1.5,-2.25"


def test_what_the_administration_confirms_becomes_a_fact() -> None:
    given: dict[str, Any] = {
        "phone_hours": Hours.read("mon-fri 08:00-16:30"),
        "answer_languages": ("sv", "en"),
        "email": "grund@example.se",
        "answer_days": 10,
        "erasure_decision": "AN 1/26",
        "protection_officer": "ombud@example.se",
        "access_status": "none",
        "access_standard": "WCAG 2.2",
        "access_assessed": date(2027, 1, 31),
        "access_authority": "PTS",
        "access_authority_url": "https://pts.se/",
    }
    told = confirmed(Settings(**given))
    assert {name: getattr(told, name) for name in given} == given


def test_what_is_not_confirmed_is_not_known() -> None:
    told = confirmed(Settings())
    assert not any([told.email, told.answer_days, told.erasure_decision, told.protection_officer])
    assert told.phone_hours is None


def test_no_setting_can_change_what_is_a_fact_already() -> None:
    told = confirmed(Settings(email="grund@example.se"))
    fixed = [row.name for row in fields(Facts) if row.default]
    assert "phone" in fixed
    settled = [name for name in fixed if name != "access_assessed"]
    assert [getattr(told, name) for name in settled] == [getattr(KNOWN, name) for name in settled]


@pytest.mark.parametrize(
    "fact",
    [
        KNOWN.phone,
        KNOWN.switchboard,
        KNOWN.visiting_address,
        *KNOWN.postal_address,
        KNOWN.first_investigation_number,
        KNOWN.access_law,
        KNOWN.complaints_law,
        str(KNOWN.latitude),
        str(KNOWN.formed.year),
    ],
)
def test_a_fact_is_typed_into_no_template_and_no_translation(fact: str) -> None:
    assert len(WRITTEN) > 40
    assert [path for path in WRITTEN if fact in path.read_text("utf-8")] == []
