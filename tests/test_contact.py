"""A message is received, or the form returns with what is wrong and everything that was typed."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing

import httpx2
import pytest

from portal.cases.messages import newest
from portal.storage.database import Database, Unavailable
from portal.web.form_data import FIELDS, URLENCODED
from tests.conftest import Running, Serve
from tests.visitor import Visit, Visitor, checked, parts, words

LANGUAGES = ("sv", "en", "ar")
ERROR = {"sv": "Fel:", "en": "Error:", "ar": "خطأ:"}


def typed(visit: Visit) -> dict[str, str]:
    """The values of the fields of the form."""
    (kind,) = [e.get("value", "") for e in visit.all("input", name="kind", checked="")] or [""]
    return {
        "message": "".join(visit.only("textarea").itertext()),
        "email": visit.only("input", name="email").get("value", ""),
        "kind": kind,
    }


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_an_empty_form_is_returned_with_what_is_wrong(visitor: Visitor, tag: str) -> None:
    visit = await visitor.post(f"/{tag}/kontakt", {"message": "", "email": ""})
    assert visit.title.startswith(ERROR[tag])
    assert visit.only("textarea").get("aria-invalid") == "true"
    assert visit.only("input", name="email").get("aria-invalid") is None
    summary = visit.only("div", id="problems")
    assert [link.get("href") for link in summary.iter("a")] == ["#message"]
    assert visit.only("p", id="message-problem") is not None
    described = visit.only("textarea").get("aria-describedby", "")
    assert described.startswith("message-problem message-hint")


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_a_refused_form_keeps_all_that_was_typed(visitor: Visitor, tag: str) -> None:
    fields = {"message": "مرحبا\n  <b>&amp;</b> " + "x" * 5000, "email": "a@", "kind": "praise"}
    visit = await visitor.post(f"/{tag}/kontakt", fields)
    assert typed(visit) == fields
    assert len(visit.all("p", class_="problem")) == 2


async def test_a_report_keeps_the_page_it_is_about(visitor: Visitor) -> None:
    visit = await visitor.get("/en/kontakt?kind=accessibility&page=ordlista")
    assert typed(visit)["kind"] == "accessibility"
    assert "/en/ordlista" in visit.text
    again = await visitor.post("/en/kontakt", {"message": "", "page": "ordlista"})
    assert again.only("input", name="page").get("value") == "ordlista"


@pytest.mark.parametrize("query", ["kind=question", "utm_source=x", "bredvid=sv&kind=view"])
async def test_a_form_opened_with_a_choice_is_about_no_page(visitor: Visitor, query: str) -> None:
    visit = await visitor.get(f"/en/kontakt?{query}")
    assert not visit.all("input", name="page")


@pytest.mark.parametrize(
    "value", [b"%ED%A0%80", b"%E3%D1%CD%C8%C7", b"hej Sk%F6ldinge", b"hej \xff", b"hej %00 du"]
)
@pytest.mark.parametrize("field", ["message", "email", "other_language"])
async def test_bytes_that_are_not_utf_8_are_refused_in_words_and_what_is_shown_too(
    visitor: Visitor, field: str, value: bytes
) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    rest = b"" if field == "message" else b"&message=hej"
    body = field.encode() + b"=" + value + rest
    answer = await visitor.client.post("/en/kontakt", content=body, headers=headers)
    visit = checked(answer, 422)
    (problem,) = visit.all("p", class_="problem")
    assert problem.get("id") == f"{field}-problem"
    assert "a character" in words(problem)
    if field == "message":
        again = await visitor.post("/en/kontakt", typed(visit))
        assert typed(again) == typed(visit)


async def test_a_query_cannot_fill_in_the_text_fields(visitor: Visitor) -> None:
    visit = await visitor.get("/sv/kontakt?kind=%3Cb%3E&page=evil&message=hej")
    assert typed(visit) == {"message": "", "email": "", "kind": ""}
    assert not visit.all("input", name="page")


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_a_message_leads_to_its_receipt(visitor: Visitor, tag: str) -> None:
    visit = await visitor.send(tag, message=f"سؤال\r\n<i>{tag}</i>", email="a@example.org")
    own = visit.only("div", class_="own-words box")
    assert "".join(own.itertext()) == f"سؤال\n<i>{tag}</i>"
    assert own.get("dir") == "auto"
    assert visit.language == tag
    (reference,) = [words(e) for e in visit.all("dd") if e.get("class") == "reference"]
    assert len(reference) == 9
    other = {"sv": "en", "en": "ar", "ar": "sv"}[tag]
    translated = await visitor.get(visit.response.url.path.replace(f"/{tag}/", f"/{other}/"))
    assert reference in translated.text


@pytest.mark.parametrize("encoding", ["files", "data"])
async def test_a_form_is_received_in_either_encoding(
    visitor: Visitor, portal: Running, encoding: str
) -> None:
    text = "å ä ö\r\nع 🙂 +&=%"
    message = {"message": text + encoding}
    fields = parts(message) if encoding == "files" else message
    response = await visitor.client.post("/sv/kontakt", **{encoding: fields})  # type: ignore[arg-type]
    assert response.status_code == 303
    assert (await stored(portal))[0] == text.replace("\r\n", "\n") + encoding


async def test_a_line_break_counts_as_one_character(visitor: Visitor) -> None:
    await visitor.send(message="a\r\n" * 2500)
    refused = await visitor.post("/en/kontakt", {"message": "a\r\n" * 2500 + "é"})
    assert "1 character too long" in refused.text


async def test_the_same_message_sent_twice_has_one_receipt(
    visitor: Visitor, portal: Running
) -> None:
    first = await visitor.send(message="två gånger")
    second = await visitor.send(message="två gånger")
    assert first.response.url == second.response.url
    assert (await stored(portal)).count("två gånger") == 1


async def test_a_form_with_the_hidden_field_filled_in_is_refused(visitor: Visitor) -> None:
    visit = await visitor.post("/sv/kontakt", {"message": "köp", "website": "http://x"})
    assert typed(visit)["message"] == "köp"
    trap = visit.only("input", name="website")
    assert (trap.get("value"), trap.get("tabindex")) == (None, "-1")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, 303),
        ({"origin": "https://evil.example", "sec-fetch-site": "same-origin"}, 403),
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({}, 303),
    ],
)
async def test_a_form_sent_from_another_site_is_refused(
    visitor: Visitor, headers: dict[str, str], status: int
) -> None:
    response = await visitor.client.post(
        "/en/kontakt", files=parts({"message": "x"}), headers=headers
    )
    assert response.status_code == status


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_a_form_from_another_site_is_shown_to_be_sent_from_ours(
    visitor: Visitor, tag: str
) -> None:
    fields = {"message": "السلام\n <b>", "email": "a@", "kind": "praise"}
    answer = await visitor.client.post(
        f"/{tag}/kontakt?bredvid=sv",
        files=parts(fields),
        headers={"origin": "https://evil.example"},
    )
    visit = checked(answer, 403)
    assert visit.language == tag
    assert typed(visit) == fields
    assert len(visit.all("div", id="problems")) == 1
    assert answer.headers["cache-control"] == "private, no-cache"
    assert "etag" not in answer.headers


async def test_our_own_page_may_send_it(visitor: Visitor) -> None:
    headers = {"origin": visitor.address, "sec-fetch-site": "same-origin"}
    response = await visitor.client.post(
        "/en/kontakt", files=parts({"message": "y"}), headers=headers
    )
    assert response.status_code == 303


async def test_a_sender_over_the_limit_keeps_the_text_and_learns_how_long_to_wait(
    serve: Serve,
) -> None:
    with serve(PORTAL_MESSAGES_PER_HOUR="2") as portal:
        visitor = Visitor(portal.address)
        for number in range(2):
            await visitor.send("en", message=f"{number}")
        visit = await visitor.post("/ar/kontakt", {"message": "ثلاثة"}, 429)
        assert typed(visit)["message"] == "ثلاثة"
        assert 3500 < int(visit.response.headers["retry-after"]) <= 3600
        assert "60 دقيقة" in visit.text
        await visitor.client.aclose()


async def test_when_nothing_can_be_stored_the_form_keeps_the_text_and_pages_are_served(
    serve: Serve,
) -> None:
    with serve() as portal:
        visitor = Visitor(portal.address)
        fields = {"message": "viktigt", "email": "a@example.org"}
        receipt = await visitor.send(**fields)

        async def broken(*_: object) -> None:
            raise Unavailable

        database: Database = portal.app._state["database"]  # type: ignore[assignment]
        write, database.write_together = database.write_together, broken  # type: ignore[method-assign,assignment]
        visit = await visitor.post("/sv/kontakt", fields, 503)
        assert typed(visit) | {"kind": ""} == fields | {"kind": ""}
        assert "031-365 09 60" in visit.only("div", id="problems").itertext()
        await visitor.get("/ar/")
        database.write_together = write  # type: ignore[method-assign]
        assert (await visitor.send(**fields)).response.url == receipt.response.url
        await visitor.client.aclose()


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_when_something_breaks_the_text_is_still_there(
    serve: Serve, tag: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise ValueError("hemligt")

    with serve() as portal:
        visitor = Visitor(portal.address)
        portal.app._state["database"].write_together = broken  # type: ignore[attr-defined]
        fields = {"message": "viktigt", "email": "a@example.org", "kind": "view"}
        visit = await visitor.post(f"/{tag}/kontakt", fields, 500)
        assert typed(visit) == fields
        assert "031-365 09 60" in visit.only("div", id="problems").itertext()
        assert [line.getMessage()[:10] for line in caplog.records] == ["ValueError"]
        await visitor.client.aclose()


@pytest.mark.parametrize("announced", [True, False])
async def test_a_text_that_is_far_too_large_is_still_there(
    visitor: Visitor, announced: bool
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield body

    text = "م" * 200_000
    body = b"kind=praise&message=" + text.encode()
    answer = await visitor.client.post(
        "/ar/kontakt",
        content=body if announced else pieces(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    visit = checked(answer, 413)
    assert typed(visit) == {"message": text, "email": "", "kind": "praise"}
    assert "195,000" in visit.only("div", id="problems").find(".//li/a").text  # type: ignore[union-attr,operator]


async def test_fields_that_are_too_large_are_told_of(visitor: Visitor) -> None:
    fields = {"message": "hej", "extra": "x" * 300_000}
    visit = await visitor.post("/en/kontakt", fields, 413)
    assert typed(visit)["message"] == "hej"
    assert "too big" in visit.text


async def test_a_case_that_is_not_there_is_not_found(visitor: Visitor) -> None:
    for code in ("abcdefghijklmnopqrstuv", "%00", "a%00b", "%ED%A0%80", "%C3%A5", "x" * 5000):
        await visitor.get(f"/sv/arende/{code}", 404)


async def test_a_receipt_is_unavailable_when_the_database_fails(serve: Serve) -> None:
    with serve() as portal:
        visitor = Visitor(portal.address)
        receipt = await visitor.send(message="hej")
        with closing(
            sqlite3.connect(portal.settings.database_url[len("sqlite:///") :])
        ) as connection:
            connection.execute("DROP TABLE messages")
        await visitor.get(receipt.response.url.path, 503)
        await visitor.client.aclose()


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{}", "application/json", 415),
        (b"hej", "text/plain", 415),
        (b"message=a&message=b", "application/x-www-form-urlencoded", 400),
        (b"&".join([b"f%d=" % n for n in range(FIELDS + 1)]), URLENCODED, 400),
        (b"nonsense", "multipart/form-data; boundary=x", 400),
        (b"nonsense", "multipart/form-data", 400),
        (b"message=" + b"x" * 1_100_000, "application/x-www-form-urlencoded", 413),
    ],
)
async def test_a_body_that_is_no_form_is_refused_in_the_language_of_the_path(
    visitor: Visitor, body: bytes, content_type: str, status: int
) -> None:
    headers = {"content-type": content_type}
    response: httpx2.Response = await visitor.client.post(
        "/ar/kontakt", content=body, headers=headers
    )
    assert checked(response, status).language == "ar"


async def test_files_are_refused(visitor: Visitor) -> None:
    files = {"bild": ("bild.png", b"x")}
    fields = {"message": "x", "email": "a@example.org"}
    answer = await visitor.client.post("/sv/kontakt", data=fields, files=files)
    assert typed(checked(answer, 400)) == fields | {"kind": ""}


async def stored(portal: Running) -> list[str]:
    database = Database(portal.settings.database_url)
    texts = await database.read(lambda c: [message.text for _, message in newest(c, 100)])
    await database.stop()
    return texts
