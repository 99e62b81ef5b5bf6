"""A posted body becomes fields, or is refused; it is never guessed at."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from portal.web.form_data import FIELDS, HEAD_LIMIT, parse

MULTIPART = "multipart/form-data; boundary=x7"
REPLACED = "\N{REPLACEMENT CHARACTER}"
URLENCODED = "application/x-www-form-urlencoded"
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


def part(name: str, value: str, head: str = "") -> bytes:
    return (
        f'--x7\r\nContent-Disposition: form-data; name="{name}"{head}\r\n\r\n{value}\r\n'.encode()
    )


def multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--x7--\r\n"


def fields(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a form that is well-formed."""
    posted = parse(content_type, body)
    assert not posted.is_malformed
    return posted.fields


@given(st.dictionaries(st.from_regex(r"[a-z]{1,9}", fullmatch=True), TEXTS, max_size=FIELDS))
def test_both_encodings_give_what_was_filled_in(filled: dict[str, str]) -> None:
    if not any("\r\n--x7" in f"\r\n{value}" for value in filled.values()):
        body = multipart(*(part(name, value) for name, value in filled.items()))
        assert fields(MULTIPART, body) == filled
    assert fields(URLENCODED, urlencode(filled).encode()) == filled


def test_nul_is_replaced_wherever_it_stands() -> None:
    assert fields(URLENCODED, b"a%00=b%00c") == {f"a{REPLACED}": f"b{REPLACED}c"}
    assert fields(MULTIPART, multipart(part("a", "b\0c"))) == {"a": f"b{REPLACED}c"}


@given(st.text("\r\n-x7 ", max_size=40))
def test_what_looks_like_a_boundary_and_is_none_is_text(text: str) -> None:
    if "\r\n--x7" not in f"\r\n{text}":
        both = multipart(part("a", text), part("b", text))
        assert fields(MULTIPART, both) == {"a": text, "b": text}


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/form-data; boundary="x7"',
        "Multipart/Form-Data; charset=utf-8; Boundary=x7",
        "multipart/form-data;boundary=x7; charset=utf-8",
    ],
)
def test_a_boundary_is_written_in_several_ways(content_type: str) -> None:
    assert fields(content_type, multipart(part("message", "Hej"))) == {"message": "Hej"}


@pytest.mark.parametrize(
    "head",
    [
        'Content-Disposition: form-data; name="message"\r\nContent-Type: text/plain',
        "Content-Type: text/plain; charset=utf-8\r\ncontent-disposition: form-data; name=message",
    ],
)
def test_a_part_may_say_its_type(head: str) -> None:
    body = multipart(f"--x7\r\n{head}\r\n\r\nHej\r\n".encode())
    assert fields(MULTIPART, body) == {"message": "Hej"}


@pytest.mark.parametrize(
    ("body", "readable"),
    [
        (b"", {}),
        (b"--x7\r\n", {}),
        (b"preamble\r\n" + multipart(part("a", "b")), {"a": "b"}),
        (multipart(part("a", "b")) + b"epilogue", {"a": "b"}),
        (multipart(part("a", "b"), part("c", "d", "\r\nX: " + "x" * HEAD_LIMIT)), {"a": "b"}),
        (part("a", "b"), {}),
        (part("a", "b") + part("c", "d"), {"a": "b"}),
        (multipart(part("a", "b"), part("c", "d", '; filename="e.png"')), {"a": "b"}),
        (multipart(part("c", "d", "; filename*=utf-8''e.png"), part("a", "b")), {"a": "b"}),
        (multipart(part("c", "d", "; FILENAME=e"), part("a", "b")), {"a": "b"}),
        (multipart(part("a", "b"), part("a", "c")), {"a": "b"}),
        (multipart(b"--x7\r\n\r\nno name\r\n", part("a", "b")), {"a": "b"}),
        (multipart(b'--x7\r\nContent-Disposition: form-data; name="a"\r\nno colon\r\n\r\n'), {}),
        (multipart(b'--x7\r\nContent-Disposition: form-data; name="a"\r\n b\r\n\r\nb\r\n'), {}),
        (multipart(b'--x7 \r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'), {}),
    ],
)
def test_of_what_browsers_do_not_write_is_kept_what_can_be_read(
    body: bytes, readable: dict[str, str]
) -> None:
    posted = parse(MULTIPART, body)
    assert posted.is_malformed
    assert posted.fields == readable


def test_a_form_may_be_empty() -> None:
    assert fields(MULTIPART, b"--x7--") == fields(URLENCODED, b"") == {}


@pytest.mark.parametrize("count", [FIELDS, FIELDS + 1, FIELDS + 2, 100_000])
def test_a_form_has_few_fields(count: int) -> None:
    names = [f"f{number}" for number in range(count)]
    for posted in (
        parse(MULTIPART, multipart(*(part(name, "") for name in names[:100]))),
        parse(URLENCODED, "&".join(names).encode()),
    ):
        assert posted.is_malformed == (count > FIELDS)
        assert [*posted.fields] == names[:FIELDS]


@pytest.mark.parametrize(
    "content", [b"\xff", b"\xed\xa0\x80", b"\xe3\xd1\xcd\xc8\xc7", b"Sk\xf6ldinge"]
)
def test_bytes_that_are_not_utf_8_are_marked(content: bytes) -> None:
    body = multipart(part("message", "x").replace(b"\r\n\r\nx", b"\r\n\r\n" + content))
    quoted = "".join(f"%{byte:02x}" for byte in content).encode()
    for value in (
        fields(MULTIPART, body)["message"],
        fields(URLENCODED, b"message=" + content)["message"],
        fields(URLENCODED, b"message=" + quoted)["message"],
    ):
        assert REPLACED in value


@pytest.mark.parametrize("charset", ["ISO-8859-1", "utf-16", "windows-1256", "x"])
def test_only_utf_8_is_read(charset: str) -> None:
    """In another encoding the same bytes may be other words."""
    typed = part("message", "\u00c3\u00a5 hej")
    named = typed.replace(
        b"\r\n\r\n", f"\r\nContent-Type: text/plain; charset={charset}\r\n\r\n".encode()
    )
    for posted in (
        fields(f"{MULTIPART}; charset={charset}", multipart(typed)),
        fields(MULTIPART, multipart(named)),
        fields(f"{URLENCODED}; charset={charset}", b"message=%c3%83%c2%a5 hej"),
    ):
        assert posted["message"] == 4 * REPLACED + " hej"
    assert fields(f"{MULTIPART}; charset=UTF-8", multipart(typed))["message"] == "\u00c3\u00a5 hej"
    assert fields(MULTIPART, multipart(named, part("b", "\u00e5")))["b"] == "\u00e5"


@given(st.text(), st.binary())
def test_nothing_but_forms_is_read(content_type: str, body: bytes) -> None:
    with pytest.raises(HTTPException) as refusal:
        parse(f"x{content_type}", body)
    assert refusal.value.status_code == 415


@pytest.mark.parametrize("form", ["multipart/form-data", URLENCODED])
def test_a_long_content_type_is_not_read(form: str) -> None:
    """Its parameters take the parser 20 ms."""
    with pytest.raises(HTTPException) as refusal:
        parse(form + ";" * 15_000, b"")
    assert refusal.value.status_code == 415


@given(st.sampled_from([MULTIPART, URLENCODED, "multipart/form-data"]), st.binary())
def test_no_body_breaks_it(content_type: str, body: bytes) -> None:
    assert all(isinstance(value, str) for value in parse(content_type, body).fields.values())
