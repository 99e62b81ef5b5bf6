"""Whatever a browser asks for, a language is chosen, and the one that it likes best."""

from hypothesis import given
from hypothesis import strategies as st

from portal.i18n.languages import SOURCE, Languages
from portal.i18n.negotiation import negotiate

FOUND = Languages(["ar", "en", "nb"])
SIGNS = "enarsvb-*;,=q01.5 \t_\u00e5"

headers = st.one_of(
    st.text(),
    st.text(SIGNS),
    st.lists(st.text(SIGNS, max_size=8), max_size=150).map(",".join),
)
tags = st.sampled_from(["sv", "en", "ar", "nb", "de", "fr", "fi", "so"])
wishes = st.dictionaries(tags, st.integers(0, 1000), max_size=6)
malformed = st.sampled_from(
    [
        "en;q=2",
        "ar;q=0.5;x=1",
        "nb;level=1",
        "en__GB",
        "ar;q=",
        "-nb",
        ";q=1",
        "",
        "ar;;q=1",
        "e n!",
    ]
)
ignorable = st.sampled_from(["", " ", "\t", "  "])


def header(wished: dict[str, int]) -> str:
    return ",".join(f"{tag};q={thousandths / 1000:.3f}" for tag, thousandths in wished.items())


def best(wished: dict[str, int]) -> str:
    """What RFC 9110 makes of wishes for whole languages."""
    wanted = [tag for tag, thousandths in wished.items() if thousandths and tag in FOUND]
    return max(wanted, key=lambda tag: wished[tag], default=SOURCE)


@given(headers)
def test_every_header_leads_to_a_language(accepted: str) -> None:
    assert negotiate(FOUND, accepted).tag in FOUND


@given(wishes)
def test_the_best_liked_language_is_chosen(wished: dict[str, int]) -> None:
    assert negotiate(FOUND, header(wished)).tag == best(wished)


@given(wishes, st.sampled_from(["-EG", "-Latn", "-latn-se-1996", "-x-own"]))
def test_a_region_changes_nothing_where_the_language_is_one(
    wished: dict[str, int], region: str
) -> None:
    wanted = {tag: thousandths for tag, thousandths in wished.items() if thousandths}
    further = {f"{tag}{region}": thousandths for tag, thousandths in wanted.items()}
    assert negotiate(FOUND, header(further)).tag == best(wanted)


@given(wishes, st.data())
def test_malformed_wishes_change_nothing(wished: dict[str, int], data: st.DataObject) -> None:
    parts = header(wished).split(",")
    for _ in range(data.draw(st.integers(0, 4))):
        parts.insert(data.draw(st.integers(0, len(parts))), data.draw(malformed))
    assert negotiate(FOUND, ",".join(parts)).tag == best(wished)


@given(wishes, ignorable, ignorable, st.booleans())
def test_case_and_spaces_change_nothing(
    wished: dict[str, int], before: str, after: str, capital: bool
) -> None:
    written = header(wished)
    for sign in (",", ";"):
        written = written.replace(sign, f"{before}{sign}{after}")
    written = written.upper() if capital else written
    assert negotiate(FOUND, written).tag == best(wished)


@given(wishes.filter(lambda wished: SOURCE not in wished))
def test_anything_else_is_swedish_when_nothing_better_is_wished_for(
    wished: dict[str, int],
) -> None:
    thousandths = min([*wished.values(), 1000])
    accepted = f"{header(wished)},*;q={max(thousandths - 1, 0) / 1000:.3f}"
    assert negotiate(FOUND, accepted).tag == best(wished)
