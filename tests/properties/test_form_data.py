"""What is cut without the parser is what the parser would have found."""

from hypothesis import example, given
from hypothesis import strategies as st

from portal.web.form_data import _BOUNDARY, _cut, _parsed

TYPE = "multipart/form-data; boundary=-b7"
PIECES = (
    *(b"--", b"-b7", b"---b7", b"\r\n---b7", b"---b7--\r\n", b"\r\n", b"\n", b"\r", b"x", b"\xc3"),
    *(b"Content-Disposition: form-data; name=", b'"message"', b'"email"; filename="f"', b'"\xe5"'),
    b"content-type: text/plain",
)
HEAD = b'\r\nContent-Disposition: form-data; name="message"\r\n\r\n'
scraps = st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=6).map(b"".join)
parts = st.builds(b"---b7%s%s\r\n".__mod__, st.tuples(st.just(HEAD) | scraps, scraps))
bodies = st.builds(
    lambda found, end: b"".join(found) + end,
    st.lists(parts, max_size=3),
    st.sampled_from([b"---b7--\r\n", b"---b7--"]) | scraps,
)


@given(bodies)
@example(b"---b7%sHej\r\n---b7--\r\n" % HEAD)
@example(b"---b7%sHej\r\n---b7x\r\n---b7--\r\n" % HEAD)
@example(b"---b7%s\r\n\r\n---b7--\r\n" % HEAD)
@example(b"---b7%sx\r\n---b7--\r\n" % HEAD.replace(b'"\r', b'"; filename="f"\r'))
@example(b"---b7%sx\r\n---b7--\r\n" % HEAD.replace(b"\r\nC", b"\r\nX: y\r\nC"))
@example(b"---b7%sx\r\n---b7--\r\n" % HEAD.replace(b"\r\n\r\n", b"\r\nX: y\r\n\r\n"))
@example(b"---b7--\r\n")
def test_cutting_finds_what_the_parser_finds(body: bytes) -> None:
    found = _cut(b"-b7", body)
    if found is not None:
        assert _BOUNDARY.fullmatch(TYPE)
        assert found == _parsed(TYPE, body)


def test_what_browsers_write_needs_no_parser() -> None:
    body = b"---b7%s\xd9\x85\r\n\r\n!\r\n---b7%s\r\n---b7--\r\n" % (HEAD, HEAD)
    assert _cut(b"-b7", body) == [("message", "م\r\n\r\n!"), ("message", "")]
    for kind in ("----WebKitFormBoundary7MA4YWxk", "---------------------------29", "geckof_1"):
        assert _BOUNDARY.fullmatch(f"multipart/form-data; boundary={kind}")
