"""A posted body is parsed exactly, or refused; nothing is guessed."""

from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from portal.web.form_data import FIELDS, parse

MULTIPART = "multipart/form-data; boundary=x7"
URLENCODED = "application/x-www-form-urlencoded"


def part(name: str, value: str, head: str = "") -> bytes:
    return (
        f'--x7\r\nContent-Disposition: form-data; name="{name}"{head}\r\n\r\n{value}\r\n'.encode()
    )


def multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--x7--\r\n"


def refused(content_type: str, body: bytes) -> int:
    with pytest.raises(HTTPException) as refusal:
        parse(content_type, body)
    return refusal.value.status_code


@given(st.dictionaries(st.from_regex(r"[a-z]{1,9}", fullmatch=True), st.text(), max_size=FIELDS))
def test_both_encodings_give_the_fields_that_were_sent(filled: dict[str, str]) -> None:
    if not any("\r\n--x7" in f"\r\n{value}" for value in filled.values()):
        body = multipart(*(part(name, value) for name, value in filled.items()))
        assert parse(MULTIPART, body) == filled
    assert parse(URLENCODED, urlencode(filled).encode()) == filled


@given(st.text("\r\n-x7 ", max_size=40))
def test_text_that_resembles_a_boundary_stays_text(text: str) -> None:
    if "\r\n--x7" not in f"\r\n{text}":
        both = multipart(part("a", text), part("b", text))
        assert parse(MULTIPART, both) == {"a": text, "b": text}


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/form-data; boundary="x7"',
        "Multipart/Form-Data; charset=utf-8; Boundary=x7",
        "multipart/form-data;boundary=x7; charset=utf-8",
    ],
)
def test_a_boundary_may_be_written_in_several_ways(content_type: str) -> None:
    assert parse(content_type, multipart(part("message", "Hej"))) == {"message": "Hej"}


@pytest.mark.parametrize(
    "head",
    [
        'Content-Disposition: form-data; name="message"\r\nContent-Type: text/plain',
        "Content-Type: text/plain; charset=utf-8\r\ncontent-disposition: form-data; name=message",
    ],
)
def test_a_part_may_have_a_content_type(head: str) -> None:
    body = multipart(f"--x7\r\n{head}\r\n\r\nHej\r\n".encode())
    assert parse(MULTIPART, body) == {"message": "Hej"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x7--",
        b"--x7\r\n",
        b"preamble\r\n" + multipart(part("a", "b")),
        part("a", "b"),
        multipart(part("a", "b", '; filename="c.png"')),
        multipart(part("a", "b"), part("a", "c")),
        multipart(*(part(f"f{number}", "") for number in range(FIELDS + 1))),
        multipart(b"--x7\r\n\r\nno name\r\n"),
        multipart(b'--x7\r\nContent-Disposition: form-data; name="a"\r\nno colon\r\n\r\nb\r\n'),
        multipart(b'--x7\r\nContent-Disposition: form-data; name="a"\r\n b\r\n\r\nb\r\n'),
        multipart(b'--x7 \r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'),
    ],
)
def test_a_body_that_no_browser_sends_is_refused(body: bytes) -> None:
    if body == b"--x7--":
        assert parse(MULTIPART, body) == {}
    else:
        assert refused(MULTIPART, body) == 400


def test_bytes_that_are_not_utf_8_become_replacement_characters() -> None:
    body = multipart(part("message", "x").replace(b"\r\n\r\nx", b"\r\n\r\n\xff\xed\xa0\x80"))
    assert set(parse(MULTIPART, body)["message"]) == {"\N{REPLACEMENT CHARACTER}"}
    assert set(parse(URLENCODED, b"message=%ff")["message"]) == {"\N{REPLACEMENT CHARACTER}"}


@given(st.text(), st.binary())
def test_a_body_of_another_type_is_refused(content_type: str, body: bytes) -> None:
    assert refused(f"x{content_type}", body) == 415


@given(st.sampled_from([MULTIPART, URLENCODED, "multipart/form-data"]), st.binary())
def test_any_body_is_parsed_or_refused(content_type: str, body: bytes) -> None:
    with suppress(HTTPException):
        assert all(isinstance(value, str) for value in parse(content_type, body).values())
