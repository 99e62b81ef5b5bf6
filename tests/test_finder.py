"""Whoever has the reference and the code of a case on paper finds it; nobody finds it by trying."""

import re
from collections.abc import Iterable
from itertools import islice, product, repeat

import pytest
import sqlalchemy as sa

from portal.cases.addresses import case_code
from tests.conftest import Running, Serve
from tests.test_case import code_of, path_of
from tests.visitor import Visit, Visitor, checked, parts

LANGUAGES = ("sv", "en", "ar")
ARABIC_INDIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def reference_of(visit: Visit) -> str:
    return path_of(visit).rpartition("/")[2][:8]


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_a_case_is_found_as_people_write_its_reference_and_code(
    visitor: Visitor, tag: str
) -> None:
    visit = await visitor.send(tag, message=f"hitta mig {tag}")
    reference, code = reference_of(visit), code_of(visit)
    for written_reference, written_code in (
        (f"{reference[:4]} {reference[4:]}", code),
        (reference.lower(), code.lower().replace("-", "")),
        (f" {reference[:4]}-{reference[4:]} ", code.replace("-", " ")),
        (reference.translate(ARABIC_INDIC), code.translate(ARABIC_INDIC)),
        (reference.translate(PERSIAN), code.translate(PERSIAN)),
    ):
        fields = {"reference": written_reference, "code": written_code}
        answer = await visitor.client.post(f"/{tag}/arende", files=parts(fields))
        assert (answer.status_code, answer.headers["location"]) == (303, path_of(visit))


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_a_field_that_is_left_empty_is_named(visitor: Visitor, tag: str) -> None:
    visit = await visitor.post(f"/{tag}/arende", {"reference": " - ", "code": ""})
    links = [link.get("href") for link in visit.only("div", id="problems").iter("a")]
    assert links == ["#reference", "#code"]
    assert visit.only("input", id="code").get("aria-invalid") == "true"


async def test_all_pairs_that_do_not_fit_get_the_same_answer(
    visitor: Visitor, portal: Running
) -> None:
    first, second = [await visitor.send(message=f"par {n}") for n in range(2)]
    pages = set()
    for reference, code in (
        (reference_of(first), code_of(second)),
        (reference_of(second), reference_of(second)),
        ("ABCDEFGH", case_code(portal.settings.secret_key, 0, 0)),
        ("999", "x" * 150_000),
        ("ABCDEFGHJ", "\N{OHM SIGN}"),
    ):
        visit = await visitor.post("/en/arende", {"reference": reference, "code": code})
        (_, end) = visit.response.text.split("</form>")
        summary, _ = visit.response.text.split("<form")
        pages.add((summary, end))
        assert visit.only("input", id="reference").get("value") == reference
    assert len(pages) == 1


async def test_no_pair_that_does_not_fit_takes_another_way(serve: Serve) -> None:
    """Equal work, so that the time of an answer tells nothing."""
    statements: list[str] = []

    def listen(*arguments: object) -> None:
        # A portal also looks for new texts, letters and old rows now and then.
        statement = str(arguments[2])
        is_of_finder = re.search(r"\b(FROM|INTO) (cases|attempts)\b", statement)
        if is_of_finder and not statement.startswith("DELETE"):
            statements.append(statement)

    with serve() as portal:
        visitor = Visitor(portal.address)
        visit = await visitor.send(message="hemlig")
        ways = set()
        for reference in (reference_of(visit), "ABCDEFGH", "inte en referens"):
            statements.clear()
            sa.event.listen(sa.Engine, "before_cursor_execute", listen)
            try:
                await visitor.post("/sv/arende", {"reference": reference, "code": "fel"})
            finally:
                sa.event.remove(sa.Engine, "before_cursor_execute", listen)
            ways.add(tuple(statements))
        assert len(ways) == 1
        assert len(statements) > 2
        await visitor.client.aclose()


async def test_whoever_tries_one_case_after_another_must_wait_too(serve: Serve) -> None:
    with serve() as portal:
        visitor = Visitor(portal.address)
        references = map("".join, product("ABCDEFGH", repeat=8))
        await exhaust(
            visitor, ({"reference": reference, "code": "fel"} for reference in references)
        )
        await visitor.client.aclose()


async def test_whoever_tries_often_must_wait_and_the_owner_need_not(serve: Serve) -> None:
    with serve(PORTAL_TRUSTED_PROXIES="127.0.0.1") as portal:
        visitor = Visitor(portal.address)
        visit = await visitor.send(message="min")
        reference, code = reference_of(visit), code_of(visit)
        await exhaust(visitor, repeat({"reference": reference, "code": "fel"}))

        # Not even the right pair opens the case now, or waiting would teach nothing.
        refused = await visitor.post("/sv/arende", {"reference": reference, "code": code}, 429)
        assert int(refused.response.headers["retry-after"]) > 0
        assert refused.only("input", id="code").get("value") == code

        owner = {"x-forwarded-for": "203.0.113.7"}
        fields = {"reference": reference, "code": code}
        answer = await visitor.client.post("/sv/arende", files=parts(fields), headers=owner)
        assert answer.headers["location"] == path_of(visit)
        await visitor.client.aclose()


async def exhaust(visitor: Visitor, tries: Iterable[dict[str, str]]) -> None:
    """Try until the sender must wait."""
    statuses = []
    for fields in islice(tries, 30):
        answer = await visitor.client.post("/sv/arende", files=parts(fields))
        statuses.append(answer.status_code)
        if answer.status_code == 429:
            break
    assert {*statuses[:-1]} == {422}
    assert statuses[-1] == 429


async def test_empty_fields_are_still_named_in_another_language(visitor: Visitor) -> None:
    refused = await visitor.post("/sv/arende", {"reference": "", "code": ""})
    shown = refused.only("input", name="problems").get("value", "")
    fields = {"reference": "", "code": "", "switch": "en", "problems": shown}
    switched = await visitor.post("/en/arende", fields)
    assert len(switched.only("div", id="problems").findall(".//li")) == 2


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_what_is_typed_stays_in_another_language_and_after_a_refusal(
    visitor: Visitor, tag: str
) -> None:
    fields = {"reference": "ABCD EFGH", "code": "x-y"}
    switched = await visitor.post(f"/{tag}/arende", fields | {"switch": tag}, 200)
    foreign = await visitor.client.post(
        f"/{tag}/arende", files=parts(fields), headers={"origin": "https://evil.example"}
    )
    for visit in (switched, checked(foreign, 403)):
        assert visit.language == tag
        for name, value in fields.items():
            assert visit.only("input", id=name).get("value") == value


async def test_the_way_to_a_case_is_on_every_page(visitor: Visitor) -> None:
    for slug in ("", "kontakt", "klagomal"):
        assert "/ar/arende" in (await visitor.get(f"/ar/{slug}")).links()
    assert "/sv/arende<" in (await visitor.client.get("/sitemap.xml")).text
