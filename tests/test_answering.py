"""Staff read a case, answer it in two languages, and lose nothing that they write."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from shutil import copytree
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import pytest
import sqlalchemy as sa

from portal.settings import DATA
from portal.storage.database import Database, Unavailable
from portal.storage.tables import letters
from portal.translators.merging import add
from portal.web.guard import BODY_LIMIT
from tests.conftest import Running, Serve, running
from tests.staff import PASSWORD, Staff, signed_in, staff_visitor
from tests.visitor import Visit, Visitor, checked, parts, words

ARABIC = "السلام عليكم، في أي مدرسة ابني أحمد؟"
REPLY = "مرحبًا، ابنكم في مدرسة بيرغشو."
HOSTILE = "<script>alert(1)</script> \u202egnp.exe\u202c \x1b[31m &amp; %s\n\tslut"


@pytest.fixture(scope="module")
def office(serve: Serve) -> Iterator[Running]:
    """A portal whose answers are held for long enough to take them back."""
    with serve(PORTAL_ANSWER_HOLD_SECONDS="60") as portal:
        yield portal


@pytest.fixture
async def guardian(office: Running) -> AsyncIterator[Visitor]:
    """Somebody who writes to that portal."""
    visitor = Visitor(office.address)
    yield visitor
    await visitor.client.aclose()


@pytest.fixture
async def anna(office: Running) -> AsyncIterator[Visitor]:
    """An officer who is signed in."""
    async with signed_in(office, "anna").visitor() as visitor:
        yield visitor


@pytest.fixture
async def bo(office: Running) -> AsyncIterator[Visitor]:
    """A colleague who is signed in."""
    async with signed_in(office, "bo").visitor() as visitor:
        yield visitor


@pytest.fixture
async def receipt(guardian: Visitor) -> Visit:
    """The guardian's page of an Arabic case."""
    return await guardian.send("ar", message=f"{ARABIC} {next(NUMBERS)}", kind="question")


NUMBERS = iter(range(10_000))
"""Make each message another one: the same is stored once."""


def address(receipt: Visit) -> str:
    """The page of staff of the case of a receipt."""
    reference = urlsplit(str(receipt.response.url)).path.rpartition("/")[2].partition("-")[0]
    return f"/inbox/{reference}"


def form_of(page: Visit, form_id: str = "answer-form") -> dict[str, str]:
    """What the form of the answer would send, without its button."""
    (form,) = page.all("form", id=form_id)
    return fields_of(form)


def fields_of(form: Element) -> dict[str, str]:
    """The fields of a form as they are filled in."""
    fields = {
        element.get("name", ""): element.get("value", "")
        for element in form.iter("input")
        if element.get("type") != "checkbox" or element.get("checked") is not None
    }
    for area in form.iter("textarea"):
        fields[area.get("name", "")] = "".join(area.itertext()).removeprefix("\n")
    for select in form.iter("select"):
        options = [*select.iter("option")]
        chosen = [option for option in options if option.get("selected") is not None]
        fields[select.get("name", "")] = (chosen or options)[0].get("value", "")
    return fields


async def do(visitor: Visitor, page: Visit, action: str, status: int = 303, **fields: str) -> Visit:
    """Send the form of the answer, with changed fields, and follow the redirect."""
    return await post(visitor, page, action, {**form_of(page), **fields}, status)


async def post(
    visitor: Visitor, page: Visit, action: str, fields: dict[str, str], status: int = 303
) -> Visit:
    """Send a form of the page of a case, and follow the redirect."""
    path = urlsplit(str(page.response.url)).path
    answer = await visitor.client.post(path, files=parts({**fields, "do": action}))
    if answer.status_code == 303 == status:
        return await visitor.get(answer.headers["location"])
    return checked(answer, status)


def revision(page: Visit) -> dict[str, str]:
    return {"revision": form_of(page)["revision"]}


def own_words(page: Visit) -> list[tuple[str, str | None, str | None]]:
    """The texts of people on a page, with their language and direction."""
    return [
        ("".join(element.itertext()), element.get("lang"), element.get("dir"))
        for element in page.all("div")
        if "own-words" in (element.get("class") or "")
    ]


def happened(page: Visit) -> list[str]:
    """What the history of a case tells, without the times."""
    return [words(line).partition(": ")[2] for line in page.only("ol", class_="history-list")]


async def test_a_message_stands_as_it_was_sent_in_its_own_language(
    guardian: Visitor, anna: Visitor, receipt: Visit
) -> None:
    page = await anna.get(address(receipt))
    ((text, language, direction),) = own_words(page)
    assert text.startswith(ARABIC)
    assert (language, direction) == ("ar", "auto")
    assert page.response.headers["cache-control"] == "no-store"
    assert "Fråga" in page.text
    assert "Sidans språk: arabiska" in page.text
    assert "Nej, läser svaret på ärendets sida" in page.text


async def test_hostile_text_breaks_nothing(guardian: Visitor, anna: Visitor) -> None:
    receipt = await guardian.send("en", message=HOSTILE)
    page = await anna.get(address(receipt))
    await post(anna, page, "note", {"note": HOSTILE})
    page = await do(anna, page, "preview", swedish=HOSTILE)
    texts = [text for text, _, _ in own_words(page)]
    visible, typed = HOSTILE.replace("\x1b", "␛"), HOSTILE.replace("\x1b", "")
    assert texts == [visible, typed, typed]
    assert form_of(page)["swedish"] == typed
    assert all(direction for _, _, direction in own_words(page))


async def test_other_paths_lead_to_no_case(anna: Visitor, receipt: Visit) -> None:
    await anna.get("/inbox/AAAAAAAA", 404)
    await anna.get("/inbox/12", 404)
    lower = address(receipt).lower()
    answer = await anna.client.get(lower)
    assert (answer.status_code, answer.headers["location"]) == (308, address(receipt))


async def test_a_link_from_elsewhere_claims_nothing(anna: Visitor, receipt: Visit) -> None:
    for claim in ("conflict", "changed", "signed-in", "x"):
        page = await anna.get(f"{address(receipt)}?done={claim}")
        assert page.all("div", id="done") == []


async def test_nobody_sees_it_who_is_not_signed_in(office: Running, receipt: Visit) -> None:
    visitor = staff_visitor(office)
    answer = await visitor.client.get(address(receipt))
    assert answer.status_code == 303
    assert "sign-in" in answer.headers["location"]
    await visitor.client.aclose()


async def test_who_has_read_the_case_is_told_once(
    anna: Visitor, bo: Visitor, receipt: Visit
) -> None:
    for _ in range(2):
        await anna.get(address(receipt))
    await bo.get(address(receipt))
    assert happened(await anna.get(address(receipt))) == [
        "Anna Andersson läste ärendet",
        "Bo Andersson läste ärendet",
    ]


async def test_a_case_is_taken_handed_over_given_back_and_closed(
    anna: Visitor, bo: Visitor, receipt: Visit
) -> None:
    page = await anna.get(address(receipt))
    page = await post(anna, page, "take", revision(page))
    assert "Ärendet är ditt nu." in page.text
    page = await post(anna, page, "undo", revision(page))
    assert "Ärendet är som förut." in page.text
    page = await post(anna, page, "take", revision(page))
    page = await post(anna, page, "hand-over", {**revision(page), "officer": ""}, 422)
    assert "Välj vem som ska få ärendet." in page.text
    (option,) = [o for o in page.all("option") if words(o) == "Bo Andersson"]
    officer = option.get("value", "")
    page = await post(anna, page, "hand-over", {**revision(page), "officer": officer})
    assert "Bo Andersson har ärendet. Du kan ändå svara." in page.text
    page = await bo.get(address(receipt))
    page = await post(bo, page, "give-back", revision(page))
    page = await post(bo, page, "close", revision(page))
    assert "Ärendet är avslutat." in page.text
    page = await post(bo, page, "set-aside", {**revision(page), "reason": "rude"}, 422)
    assert "Välj varför ärendet inte åtgärdas." in page.text
    page = await post(bo, page, "set-aside", {**revision(page), "reason": "duplicate"})
    assert "Åtgärdas inte" in page.text
    assert happened(page)[-5:] == [
        "Anna Andersson lämnade över ärendet till Bo Andersson",
        "Bo Andersson läste ärendet",
        "Bo Andersson lämnade tillbaka ärendet",
        "Bo Andersson avslutade ärendet",
        "Bo Andersson beslutade att inte åtgärda ärendet (dubblett)",
    ]


@pytest.mark.parametrize(
    ("day", "problem"),
    [
        ("i morgon", "Skriv datumet som år-månad-dag"),
        ("", "Skriv datumet som år-månad-dag"),
        ("2020-01-01", "Välj en dag efter i dag."),
    ],
)
async def test_the_day_to_look_again_is_checked(
    anna: Visitor, receipt: Visit, day: str, problem: str
) -> None:
    page = await anna.get(address(receipt))
    page = await post(anna, page, "look-again", {**revision(page), "day": day}, 422)
    assert problem in page.text
    assert page.only("input", id="day").get("value") == day


async def test_the_day_to_look_again_is_stored_and_forgotten(anna: Visitor, receipt: Visit) -> None:
    page = await anna.get(address(receipt))
    page = await post(anna, page, "look-again", {**revision(page), "day": "2099-01-15"})
    assert "2099-01-15" in page.text
    page = await post(anna, page, "look-again:never", revision(page))
    assert "2099-01-15" not in page.text


async def test_two_who_do_something_at_once_are_told(
    anna: Visitor, bo: Visitor, receipt: Visit
) -> None:
    annas, bos = [await visitor.get(address(receipt)) for visitor in (anna, bo)]
    await post(bo, bos, "take", revision(bos))
    page = await post(anna, annas, "take", revision(annas), 409)
    assert "Någon hann ändra ärendet före dig." in page.text
    assert "Bo Andersson har ärendet." in page.text


async def test_an_address_that_went_astray_is_withdrawn(
    guardian: Visitor, anna: Visitor, receipt: Visit
) -> None:
    page = await anna.get(address(receipt))
    page = await post(anna, page, "withdraw-address", revision(page))
    await guardian.get(urlsplit(str(receipt.response.url)).path, 404)
    # What the officer tells the guardian opens the case.
    fields = {"reference": address(receipt)[-8:], "code": words(page.only("bdi", class_="code"))}
    answer = await guardian.client.post("/sv/arende", files=parts(fields))
    assert answer.status_code == 303
    assert "/arende/" in answer.headers["location"]


async def test_a_note_a_rendering_and_a_draft_reach_nobody_outside(
    guardian: Visitor, anna: Visitor, bo: Visitor, receipt: Visit
) -> None:
    page = await anna.get(address(receipt))
    (message,) = [e.get("id", "") for e in page.all("h3") if e.get("id", "").startswith("message")]
    page = await post(anna, page, "note", {"note": "Ringt rektorn"})
    page = await bo.get(address(receipt))
    rendering = message.replace("message-", "rendering:")
    page = await post(bo, page, rendering, {"rendering": "I vilken skola går min son?"})
    await do(bo, page, "save", swedish="Inte klart än")
    page = await anna.get(address(receipt))
    assert "Ringt rektorn" in words(page.only("section", class_="notes box"))
    assert "På svenska, av Bo Andersson" in page.text
    assert "Bo Andersson har börjat skriva ett svar här." in page.text
    seen = (await guardian.get(urlsplit(str(receipt.response.url)).path)).text
    assert not any(text in seen for text in ("Ringt", "I vilken skola", "Inte klart", "Andersson"))


async def test_fields_for_colleagues_have_limits_and_keep_what_was_typed(
    anna: Visitor, receipt: Visit
) -> None:
    page = await anna.get(address(receipt))
    page = await post(anna, page, "note", {"note": "å" * 5001}, 422)
    assert "Texten är 1 tecken för lång." in page.text
    assert page.title.startswith("Fel:")
    (note,) = page.all("textarea", id="note")
    assert "".join(note.itertext()).strip() == "å" * 5001
    page = await post(anna, page, "note", {"note": " \u200b"}, 422)
    assert "Skriv anteckningen." in page.text
    (message,) = [e.get("id", "") for e in page.all("h3") if e.get("id", "").startswith("message")]
    page = await post(anna, page, message.replace("message-", "rendering:"), {}, 422)
    assert "Skriv på svenska vad meddelandet säger." in page.text
    await post(anna, page, "rendering:999999", {"rendering": "Hej"}, 404)
    await post(anna, page, "fly", {}, 400)


async def test_the_language_of_a_text_is_corrected(anna: Visitor, receipt: Visit) -> None:
    page = await anna.get(address(receipt))
    (message,) = [e.get("id", "") for e in page.all("h3") if e.get("id", "").startswith("message")]
    page = await post(anna, page, message.replace("message-", "language:"), {"tag": "fa"})
    assert own_words(page)[0][1:] == ("fa", "auto")
    assert "Textens språk: persiska" in page.text


@pytest.mark.slow
async def test_a_text_can_be_in_every_language_of_the_portal(tmp_path: Path) -> None:
    locales = copytree(DATA / "locales", tmp_path / "locales")
    add(locales, "qaa")  # ISO 639 keeps it for local use: no list names it
    with running(tmp_path, locales) as portal:
        guardian = Visitor(portal.address)
        receipt = await guardian.send("qaa", message="Hej", kind="question")
        await guardian.client.aclose()
        async with signed_in(portal, "anna").visitor() as anna:
            page = await anna.get(address(receipt))
            (text,) = [e.get("id", "") for e in page.all("h3") if e.get("id", "")[:7] == "message"]
            page = await post(anna, page, text.replace("message-", "language:"), {"tag": "sv"})
            page = await post(anna, page, text.replace("message-", "language:"), {"tag": "qaa"})
            assert own_words(page)[0][1:] == ("qaa", "auto")


async def test_cases_are_linked(guardian: Visitor, anna: Visitor, receipt: Visit) -> None:
    other = (await guardian.send(message=f"Ett annat {next(NUMBERS)}")).response.url
    reference = urlsplit(str(other)).path.rpartition("/")[2].partition("-")[0]
    page = await anna.get(address(receipt))
    page = await post(anna, page, "link", {"other": "inget"}, 422)
    assert "Det finns inget annat ärende med det referensnumret." in page.text
    page = await post(anna, page, "link", {"other": f" {reference.lower()} "})
    assert f"/inbox/{reference}" in page.links()
    assert happened(page)[-1] == f"Anna Andersson länkade ärendet med {reference}"
    page = await post(anna, page, f"unlink:{reference}", {})
    assert f"/inbox/{reference}" not in page.links()


async def test_what_may_be_secret_is_marked_and_not_changed(
    guardian: Visitor, anna: Visitor
) -> None:
    text = "Min dotter, 120101-2380, har en diagnos."
    page = await anna.get(address(await guardian.send(message=text)))
    assert own_words(page)[0][0] == text
    assert "Personnummer eller samordningsnummer: 120101-2380" in page.text
    assert "Ord om hälsa: diagnos" in page.text


async def test_a_standard_sentence_is_put_into_both_columns(anna: Visitor, receipt: Visit) -> None:
    page = await anna.get(address(receipt))
    page = await do(anna, page, "phrase", phrase="thanks", swedish="", translated="")
    page = await do(anna, page, "phrase", phrase="call")
    fields = form_of(page)
    assert fields["swedish"] == (
        "Hej! Tack för ditt meddelande.\n\nVill du hellre prata med oss? Ring 031-365\xa009\xa060."
    )
    assert fields["translated"].startswith("مرحبًا! شكرًا على رسالتكم.\n\n")
    assert "\u2066031-365\xa009\xa060\u2069" in fields["translated"]
    (area,) = page.all("textarea", id="translated")
    assert (area.get("lang"), area.get("dir")) == ("ar", "rtl")
    page = await do(anna, page, "phrase", 422, phrase="")
    assert "Välj vilken mening som ska läggas till." in page.text
    assert form_of(page)["swedish"] == fields["swedish"]


async def test_a_sentence_without_a_translation_is_put_into_the_swedish_column(
    anna: Visitor, receipt: Visit
) -> None:
    page = await anna.get(address(receipt))
    page = await do(anna, page, "phrase", phrase="school", language="fa")
    assert "Den är tillagd bara på svenska." in page.text
    fields = form_of(page)
    assert (fields["swedish"], fields["translated"]) == ("Vilken skola gäller det?", "")


async def test_the_preview_is_what_the_guardian_will_see(
    guardian: Visitor, anna: Visitor, receipt: Visit
) -> None:
    page = await anna.get(address(receipt))
    page = await do(anna, page, "preview", swedish="Bergsjöskolan.", translated=REPLY)
    frame = page.only("div", class_="preview-frame")
    assert (frame.get("lang"), frame.get("dir")) == ("ar", "rtl")
    previewed = [
        (e.get("lang"), e.get("dir"), words(e)) for e in frame.iter("div") if e.get("lang")
    ]
    assert previewed[1:] == [("ar", "rtl", REPLY), ("sv", "ltr", "Bergsjöskolan.")]


async def test_an_answer_is_held_taken_back_and_sent_again(
    guardian: Visitor, anna: Visitor, receipt: Visit
) -> None:
    path = urlsplit(str(receipt.response.url)).path
    page = await anna.get(address(receipt))
    page = await do(anna, page, "send", swedish="Bergsjöskolan.", translated=REPLY)
    assert re.search("Svaret skickas om (60|5[0-9]) sekunder", page.text)
    assert form_of(page)["swedish"] == ""
    assert "Bergsjöskolan." not in (await guardian.get(path)).text
    (button,) = [b for b in page.all("button") if words(b) == "Ta tillbaka svaret"]
    page = await post(anna, page, button.get("value", ""), {})
    assert "Du har tagit tillbaka svaret." in page.text
    assert form_of(page)["swedish"] == "Bergsjöskolan."
    page = await do(anna, page, "send")
    assert "Svaret skickas om" in page.text


@pytest.mark.parametrize("language", ["sv", "en", "ar"])
async def test_the_guardian_reads_the_answer_in_the_language_of_the_case(
    serve: Serve, language: str
) -> None:
    with serve(PORTAL_ANSWER_HOLD_SECONDS="0") as portal:
        guardian = Visitor(portal.address)
        receipt = await guardian.send(language, message="Hej", email="a@example.org")
        async with signed_in(portal, "anna").visitor() as anna:
            page = await anna.get(address(receipt))
            page = await do(
                anna, page, "send", swedish="På svenska.", translated=REPLY, language="ar"
            )
            assert "Svaret är skickat." in page.text
        seen = await guardian.get(urlsplit(str(receipt.response.url)).path)
        assert seen.language == language
        assert own_words(seen)[1:] == [(REPLY, "ar", "rtl"), ("På svenska.", "sv", "ltr")]
        await guardian.client.aclose()


async def test_whether_a_letter_goes_and_to_whom_stands_beside_the_answer(
    serve: Serve, guardian: Visitor, anna: Visitor
) -> None:
    receipt = await guardian.send("ar", message=f"{ARABIC} {next(NUMBERS)}", email="m@example.org")
    assert "Ingen e-post skickas." in (await anna.get(address(receipt))).text
    smtp = {"PORTAL_SMTP_URL": "smtp://127.0.0.1:9", "PORTAL_MAIL_FROM": "skola@example.org"}
    with serve(**smtp) as portal:
        visitor = Visitor(portal.address)
        receipt = await visitor.send("ar", message=ARABIC, email="m@example.org")
        await visitor.client.aclose()
        async with signed_in(portal, "anna").visitor() as officer:
            page = await officer.get(address(receipt))
            assert "E-post om att det finns ett svar går till m@example.org" in page.text
            await do(officer, page, "send", translated=REPLY)
        with (
            closing(Database(portal.settings.database_url)) as database,
            database.connect() as connection,
        ):
            answered = sa.select(letters).where(letters.c.kind == "answered")
            letter = connection.execute(answered).one()
    assert (letter.recipient, letter.language) == ("m@example.org", "ar")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"swedish": " \u200b", "translated": "\n"}, "Skriv svaret"),
        ({"swedish": "å" * 10_001}, "Texten är 1 tecken för lång."),
        ({"swedish": "Hej", "translated": "\0"}, "ett tecken som inte går att spara"),
        ({"translated": REPLY, "language": ""}, "Välj vilket språk den andra texten är på."),
    ],
)
async def test_an_answer_that_cannot_be_sent_is_shown_again_and_kept(
    anna: Visitor, receipt: Visit, fields: dict[str, str], problem: str
) -> None:
    page = await anna.get(address(receipt))
    page = await do(anna, page, "send", 422, **fields)
    assert problem in page.text
    assert "Svaret skickas om" not in page.text
    assert form_of(page)["swedish"] == fields.get("swedish", "").lstrip("\n")


async def test_an_answer_sent_twice_is_one_answer(anna: Visitor, receipt: Visit) -> None:
    page = await anna.get(address(receipt))
    fields = {**form_of(page), "swedish": "En gång."}
    await asyncio.gather(*(post(anna, page, "send", fields) for _ in range(3)))
    page = await anna.get(address(receipt))
    assert [text for text, _, _ in own_words(page)].count("En gång.") == 1


async def test_two_who_answer_at_once_see_both_texts(
    anna: Visitor, bo: Visitor, receipt: Visit
) -> None:
    annas, bos = [await visitor.get(address(receipt)) for visitor in (anna, bo)]
    await do(bo, bos, "send", swedish="Bos svar.")
    page = await do(anna, annas, "send", 409, swedish="Annas svar.")
    alert = words(page.only("div", id="done"))
    assert "Svaret är inte skickat." in alert
    assert "Bo Andersson svarade" in alert
    assert "Bos svar." in alert
    assert form_of(page)["swedish"] == "Annas svar."
    page = await do(anna, page, "send")
    assert "Svaret skickas om" in page.text


async def test_a_new_word_of_the_guardian_is_shown_before_the_answer_goes(
    guardian: Visitor, anna: Visitor, receipt: Visit
) -> None:
    page = await anna.get(address(receipt))
    path = urlsplit(str(receipt.response.url)).path
    await guardian.client.post(path, files=parts({"message": "انتظروا!"}))
    page = await do(anna, page, "send", 409, swedish="För tidigt.")
    assert "انتظروا!" in words(page.only("div", id="done"))


async def signed_in_again(
    visitor: Visitor, officer: Staff, path: str, fields: dict[str, str]
) -> str:
    """The page after signing in, where a form was sent when the session was over."""
    del visitor.client.headers["cookie"]
    refused = checked(await visitor.client.post(path, files=parts(fields)), 403)
    (form,) = [f for f in refused.all("form") if f.get("action") == "/inbox/sign-in"]
    name = officer.account.name
    credentials = {"name": name, "password": PASSWORD, "totp": officer.code()}
    answer = await visitor.client.post(
        "/inbox/sign-in", files=parts({**fields_of(form), **credentials})
    )
    assert answer.status_code == 200
    return answer.text


class TestADraftOutlives:
    """Every fault by which others have lost one (design: drafts are rows)."""

    async def test_leaving_the_page(self, anna: Visitor, receipt: Visit) -> None:
        page = await do(anna, await anna.get(address(receipt)), "save", swedish="Halv", asks="yes")
        assert "Utkastet är sparat." in page.text
        fields = form_of(await anna.get(address(receipt)))
        assert (fields["swedish"], fields["asks"]) == ("Halv", "yes")

    async def test_a_refused_answer(self, anna: Visitor, receipt: Visit) -> None:
        page = await anna.get(address(receipt))
        await do(anna, page, "send", 422, swedish="å" * 10_001)
        assert form_of(await anna.get(address(receipt)))["swedish"] == "å" * 10_001

    async def test_a_conflict(self, anna: Visitor, bo: Visitor, receipt: Visit) -> None:
        annas, bos = [await visitor.get(address(receipt)) for visitor in (anna, bo)]
        await do(bo, bos, "send", swedish="Bos svar.")
        await do(anna, annas, "send", 409, swedish="Annas svar.")
        assert form_of(await anna.get(address(receipt)))["swedish"] == "Annas svar."

    async def test_a_case_that_is_taken_over_closed_and_set_aside(
        self, anna: Visitor, bo: Visitor, receipt: Visit
    ) -> None:
        await do(anna, await anna.get(address(receipt)), "save", swedish="Halv")
        page = await bo.get(address(receipt))
        for action, fields in (("take", {}), ("close", {}), ("set-aside", {"reason": "other"})):
            page = await post(bo, page, action, {**revision(page), **fields})
        assert form_of(await anna.get(address(receipt)))["swedish"] == "Halv"

    async def test_two_windows(self, anna: Visitor, receipt: Visit) -> None:
        first = await do(anna, await anna.get(address(receipt)), "save", swedish="Början")
        second = await anna.get(address(receipt))
        await do(anna, first, "save", swedish="Från den första")
        page = await do(anna, second, "save", swedish="Från den andra")
        assert form_of(page)["swedish"] == "Från den andra"
        assert "Från den första" in words(page.only("div", class_="box draft"))
        (other,) = [link for link in page.links() if link.startswith("?draft=")]
        page = await anna.get(f"{address(receipt)}{other}")
        assert form_of(page)["swedish"] == "Från den första"

    async def test_a_session_that_is_over(self, office: Running, receipt: Visit) -> None:
        officer = signed_in(office, "cecilia")
        async with officer.visitor() as visitor:
            page = await visitor.get(address(receipt))
            fields = {**form_of(page), "swedish": "Skrivet länge", "do": "send"}
            again = await signed_in_again(visitor, officer, address(receipt), fields)
            assert "Skrivet länge" in again
            assert "Inget har skickats eller ändrats." in again
        async with signed_in(office, "cecilia").visitor() as visitor:
            page = await visitor.get(address(receipt))
            assert form_of(page)["swedish"] == "Skrivet länge"

    async def test_a_session_that_is_over_while_a_note_is_written(
        self, office: Running, receipt: Visit
    ) -> None:
        officer = signed_in(office, "disa")
        async with officer.visitor() as visitor:
            fields = {"note": "Ringt rektorn", "do": "note"}
            again = await signed_in_again(visitor, officer, address(receipt), fields)
            assert "Ringt rektorn</textarea>" in again

    async def test_a_database_that_is_away(self, serve: Serve) -> None:
        async def broken(*_: object) -> None:
            raise Unavailable

        with serve() as portal:
            guardian = Visitor(portal.address)
            receipt = await guardian.send(message="Hej")
            await guardian.client.aclose()
            async with signed_in(portal, "anna").visitor() as anna:
                page = await anna.get(address(receipt))
                database = portal.app._state["database"]
                write, database.write = database.write, broken  # type: ignore[attr-defined]
                refused = await do(anna, page, "send", 503, swedish="Viktigt\nsvar")
                assert "Inget har skickats eller ändrats." in refused.text
                (form,) = [f for f in refused.all("form") if f.get("action") == address(receipt)]
                database.write = write  # type: ignore[attr-defined]
                fields = fields_of(form)
                page = await post(anna, page, fields.pop("do"), fields)
            assert "Viktigt\nsvar" in [text for text, _, _ in own_words(page)]

    async def test_a_text_that_is_far_too_large(self, anna: Visitor, receipt: Visit) -> None:
        page = await anna.get(address(receipt))
        text = "Mycket text. " * (BODY_LIMIT // 10)
        refused = await do(anna, page, "send", 413, swedish=text)
        assert refused.title.startswith("Texten är för lång")
        assert text in [shown for shown, _, _ in own_words(refused)]

    async def test_a_fault_of_the_portal(self, serve: Serve) -> None:
        async def broken(*_: object) -> None:
            raise ValueError

        with serve() as portal:
            guardian = Visitor(portal.address)
            receipt = await guardian.send(message="Hej")
            await guardian.client.aclose()
            async with signed_in(portal, "anna").visitor() as anna:
                page = await anna.get(address(receipt))
                portal.app._state["database"].write = broken  # type: ignore[attr-defined]
                refused = await do(anna, page, "send", 500, swedish="Viktigt\nsvar")
            assert "Något gick fel i portalen." in refused.text
            assert "Viktigt\nsvar" in [text for text, _, _ in own_words(refused)]
