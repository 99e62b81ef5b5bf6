"""Readers choose a language, learn what is not translated, and lose nothing that they typed."""

import re
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import html5lib
import httpx2
import polib
import pytest

from portal.cases.messages import Case, newest
from portal.content.hours import ZONE, Hours
from portal.content.words import words_in
from portal.i18n.languages import discover
from portal.i18n.templates import LOCALES
from portal.settings import DATA, Settings
from portal.storage.database import Database
from portal.web import edition
from portal.web.edition import Edition, build
from tests.conftest import Running, Serve
from tests.visitor import Visit, Visitor, words


async def last_case(portal: Running) -> Case:
    database = Database(portal.settings.database_url)
    ((case, _),) = await database.read(lambda c: newest(c, 1))
    await database.stop()
    return case


def switches(visit: Visit) -> dict[str | None, str]:
    """The buttons that show the form in another language, with their targets."""
    buttons = visit.all("button", name="switch", form="contact")
    return {button.get("lang"): button.get("formaction", "") for button in buttons}


async def test_the_form_keeps_its_values_in_another_language(visitor: Visitor) -> None:
    fields = {"message": "hej ", "email": "a", "kind": "view", "answer_language": "other"}
    start = await visitor.get("/sv/kontakt")
    others = [tag for tag in discover(DATA / "locales") if tag != "sv"]
    assert switches(start) == {tag: f"/{tag}/kontakt" for tag in others}
    visit = await visitor.post(switches(start)["ar"], fields | {"switch": "ar"}, 200)
    assert visit.language == "ar"
    assert not visit.all("div", id="problems")
    assert "".join(visit.only("textarea").itertext()) == "hej "
    assert visit.only("input", name="email").get("value") == "a"
    assert visit.only("input", id="kind-view").get("checked") is not None
    assert visit.only("input", id="answer-other").get("checked") is not None


async def test_a_chosen_answer_language_is_kept_in_another_language(visitor: Visitor) -> None:
    fields = {"message": "hej", "answer_language": "ar", "switch": "en"}
    for path in ("/en/kontakt", "/sv/kontakt", "/ar/kontakt"):
        visit = await visitor.post(path, fields, 200)
        assert visit.only("input", id="answer-ar").get("checked") is not None
    for chosen in ("xx", "other", "<b>"):
        visit = await visitor.post("/en/kontakt", fields | {"answer_language": chosen}, 200)
        assert not visit.all("input", id="answer-ar")


@pytest.mark.parametrize(
    ("path", "shown", "words"),
    [
        ("/en/kontakt", "too-many 12", "Wait 12 minutes"),
        ("/en/kontakt", "unsaved 0", "We cannot save"),
        ("/en/arende", "no-match 0", "There is no case"),
    ],
)
async def test_the_reason_of_a_refusal_is_shown_in_the_new_language(
    visitor: Visitor, path: str, shown: str, words: str
) -> None:
    filled = {"message": "hej", "reference": "ABCD EFGH", "code": "ABCD"}
    visit = await visitor.post(path, filled | {"switch": "en", "problems": shown}, 422)
    assert words in visit.text
    assert visit.only("input", name="problems").get("value") == shown
    for unknown in ("", "shown", "shown 1", "<b> 1", "too-large-for-us 3"):
        visit = await visitor.post(path, filled | {"switch": "en", "problems": unknown}, 200)
        assert not visit.all("div", id="problems")


async def test_problems_are_shown_in_the_new_language(visitor: Visitor) -> None:
    wrong = await visitor.post("/sv/kontakt", {"message": "x", "email": "a"})
    shown = wrong.only("input", name="problems").get("value", "")
    fields = {"message": "x", "email": "a", "problems": shown, "switch": "en"}
    visit = await visitor.post("/en/kontakt", fields)
    assert visit.title.startswith("Error:")
    assert "Write the whole email address" in visit.text


async def test_an_empty_form_is_redirected_to_the_new_language(visitor: Visitor) -> None:
    answer = await visitor.client.post("/en/kontakt", data={"switch": "en", "message": ""})
    assert (answer.status_code, answer.headers["location"]) == (303, "/en/kontakt")


@pytest.mark.parametrize(
    ("chosen", "named", "stored"),
    [("ar", "", "ar"), ("other", "Soomaali", "Soomaali"), ("", "", ""), ("sv", "", "sv")],
)
async def test_the_language_of_the_answer_is_independent_of_the_page(
    visitor: Visitor, portal: Running, chosen: str, named: str, stored: str
) -> None:
    fields = {"answer_language": chosen, "other_language": named}
    await visitor.send("en", message=f"answer in {stored}", **fields)
    case = await last_case(portal)
    assert (case.language, case.answer_language) == ("en", stored)


async def test_the_form_names_the_languages_of_answers(visitor: Visitor, serve: Serve) -> None:
    assert "We answer in Swedish." in (await visitor.get("/en/kontakt")).text
    with serve(PORTAL_ANSWER_LANGUAGES="sv,ar") as portal:
        other = Visitor(portal.address)
        assert "Swedish and Arabic" in (await other.get("/en/kontakt")).text
        await other.client.aclose()


HOURS = Hours.read("mon-fri 08:00-16:30, sat 10:00-14:00")


@pytest.mark.parametrize(
    ("moment", "is_open", "changes"),
    [
        ("2026-11-24T12:00+01:00", True, "2026-11-24T16:30+01:00"),
        ("2026-11-24T07:59+01:00", False, "2026-11-24T08:00+01:00"),
        ("2026-11-24T16:30+01:00", False, "2026-11-25T08:00+01:00"),
        ("2026-11-28T14:00+01:00", False, "2026-11-30T08:00+01:00"),
        ("2026-12-24T09:00+01:00", False, "2026-12-28T08:00+01:00"),
        ("2026-06-18T17:00+02:00", False, "2026-06-22T08:00+02:00"),
        ("2026-10-24T15:00+02:00", False, "2026-10-26T08:00+01:00"),
        ("2026-11-24T06:30+00:00", False, "2026-11-24T07:00+00:00"),
    ],
)
def test_opening_hours_follow_swedish_time_and_holidays(
    moment: str, is_open: bool, changes: str
) -> None:
    opening = HOURS.opening(datetime.fromisoformat(moment))
    assert opening.is_open == is_open
    assert opening.changes_at == datetime.fromisoformat(changes)


@pytest.mark.parametrize(
    ("hours", "moment", "changes"),
    [
        ("tue 09:00-11:00", "2024-12-18T08:00", "2025-01-07T09:00"),
        (
            "mon-fri 08:00-16:00, wed 15:00-18:00",
            "2026-11-25T12:00",
            "2026-11-25T18:00",
        ),
        (
            "mon-fri 08:00-12:00, mon-fri 12:00-16:00",
            "2026-11-25T09:00",
            "2026-11-25T16:00",
        ),
        (
            "mon-fri 08:00-16:00, wed 09:00-10:00",
            "2026-11-25T09:30",
            "2026-11-25T16:00",
        ),
    ],
)
def test_shifts_without_a_break_are_one_and_holidays_are_passed_over(
    hours: str, moment: str, changes: str
) -> None:
    opening = Hours.read(hours).opening(datetime.fromisoformat(moment).replace(tzinfo=ZONE))
    assert opening.changes_at == datetime.fromisoformat(changes).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mon 8-16",
        "mon-xxx 08:00-16:00",
        "fri-mon 08:00-16:00",
        "mon 16:00-08:00",
        "mon 25:00-26:00",
    ],
)
def test_malformed_hours_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Hours.read(text)


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        (datetime(2026, 11, 24, 11, tzinfo=UTC), "Open now, until 16:30."),
        (
            datetime(2026, 11, 28, 11, tzinfo=UTC),
            "Closed now. Opens on Monday, 30 November 2026, at 08:00.",
        ),
    ],
)
def test_the_page_shows_whether_the_telephone_is_answered_now(
    monkeypatch: pytest.MonkeyPatch, moment: datetime, status: str
) -> None:
    class Now(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return moment

    monkeypatch.setattr(edition, "datetime", Now)
    resources = build_edition(PORTAL_PHONE_HOURS="mon-fri 08:00-16:30").resources
    page = " ".join(resources.built("/en/kontakt").text.split())
    bare = page.replace("</time>", "").split("<strong>")[1].split("</strong>")[0]
    assert re.sub(r"<[^>]+>", "", bare) == status
    assert ("The phone line is closed now." in page) == ("Closed" in status)

    help_text = resources.built("/en/klagomal").text.split("<aside")[1]
    assert status in " ".join(re.sub(r"<[^>]+>", "", help_text).split())


@pytest.fixture
def locales(tmp_path: Path) -> Path:
    """A copy of the catalogs that a test may change."""
    return copytree(DATA / "locales", tmp_path / "locales")


def untranslate(locales: Path, share: float, fuzzy: bool = False) -> None:
    """Remove a share of the Arabic translations of the word list, or mark them as fuzzy."""
    path = locales / "ar/LC_MESSAGES/portal.po"
    catalog = polib.pofile(str(path), wrapwidth=0)
    listed = [e for e in catalog if e.msgctxt == "word"]
    for entry in listed[: round(len(listed) * share)]:
        if fuzzy:
            entry.flags.append("fuzzy")
        else:
            entry.msgstr = ""
    catalog.save(str(path))


def build_edition(locales: Path = LOCALES, **environment: str) -> Edition:
    usual = {"PORTAL_SECRET_KEY": "k" * 32, "DATABASE_URL": "sqlite:///unused.db"}
    return build(Settings.read(usual | environment), locales)


def visit(edition: Edition, address: str) -> Visit:
    text = edition.resources.built(address).text
    root = html5lib.parse(text, namespaceHTMLElements=False)
    return Visit(httpx2.Response(200, text=text), root)


def notices(page: Visit) -> list[str]:
    return [words(box) for box in page.all("div") if box.get("class") == "translation-notice box"]


def test_a_fully_translated_page_has_no_notice() -> None:
    assert notices(visit(build_edition(), "/ar/ordlista")) == []


def test_untranslated_texts_are_marked_and_counted(locales: Path) -> None:
    untranslate(locales, 0.3)
    edition = build_edition(locales)
    page = visit(edition, "/ar/ordlista")
    (notice,) = notices(page)
    assert "9" in notice
    assert "031-365 09 60" in notice
    *_, word = [e for e in page.all("span") if words(e) == "allmän handling"]
    assert (word.get("lang"), word.get("dir")) == ("sv", "ltr")
    assert notices(visit(edition, "/ar/kontakt")) == []


def test_a_fuzzy_translation_is_not_shown_and_the_notice_says_so(locales: Path) -> None:
    untranslate(locales, 0.3, fuzzy=True)
    (notice,) = notices(visit(build_edition(locales), "/ar/ordlista"))
    assert "تغيّر النص السويدي" in notice


def test_a_link_to_a_page_below_the_required_share_leads_to_the_swedish_one(locales: Path) -> None:
    untranslate(locales, 1.0)
    edition = build_edition(locales, PORTAL_TRANSLATED_SHARE="90")
    english = visit(edition, "/en/ordlista")
    (link,) = [a for a in english.all("a") if a.get("lang") == "ar"]
    assert link.get("href") == "/sv/ordlista?saknas=ar"
    assert "غير مترجمة بعد" in words(link)
    swedish = visit(edition, "/sv/ordlista?saknas=ar")
    (notice,) = [e for e in swedish.all("div") if e.get("class") == "translation-notice box"]
    assert (notice.get("lang"), notice.get("dir")) == ("ar", "rtl")
    assert "هذه الصفحة غير مترجمة بعد" in words(notice)
    (other,) = [a for a in visit(edition, "/en/kontakt").all("button") if a.get("lang") == "ar"]
    assert other.get("formaction") == "/ar/kontakt"


async def test_unusual_words_lead_to_their_entries_in_every_language(visitor: Visitor) -> None:
    """As WCAG 2.2 asks of readers' unusual words and abbreviations (3.1.3, 3.1.4)."""
    for tag in ("sv", "en", "ar"):
        entries = {
            element.get("id") for element in (await visitor.get(f"/{tag}/ordlista")).all("div")
        }
        for slug, word in [("klagomal", "rektor"), ("tillganglighet", "wcag"), ("kontakt", "tolk")]:
            links = (await visitor.get(f"/{tag}/{slug}")).links()
            words = {link.partition("#")[2] for link in links if "/ordlista#" in link}
            assert word in words
            assert words <= entries
    assert not [link for link in (await visitor.get("/sv/missing", 404)).links() if "#rek" in link]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Rektorernas ledarskap", ["rektor"]),
        ("anpassad grundskola", ["anpassad-grundskola"]),
        ("grundskolorna och grundskolenämnden", ["grundskola"]),
        ("personuppgifter och IP-adresser", ["ip-adress", "personuppgifter"]),
        ("en elektor, en växt", []),
    ],
)
def test_words_are_found_in_their_forms(text: str, ids: list[str]) -> None:
    assert [word.id for word in words_in(text)] == ids
