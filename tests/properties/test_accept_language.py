"""Whatever Accept-Language says, a language is chosen, and it is the preferred one."""

from hypothesis import given
from hypothesis import strategies as st

from portal.i18n.languages import SOURCE, Languages
from portal.i18n.negotiation import negotiate

LANGUAGES = Languages(["ar", "en", "nb"])
CHARACTERS = "enarsvb-*;,=q01.5 \t_\u00e5"

headers = st.one_of(
    st.text(),
    st.text(CHARACTERS),
    st.lists(st.text(CHARACTERS, max_size=8), max_size=150).map(",".join),
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
    """The language that RFC 9110 prefers, of wishes without a region."""
    accepted = [tag for tag, thousandths in wished.items() if thousandths and tag in LANGUAGES]
    return max(accepted, key=lambda tag: wished[tag], default=SOURCE)


@given(headers)
def test_every_header_leads_to_a_language(accepted: str) -> None:
    assert negotiate(LANGUAGES, accepted).tag in LANGUAGES


@given(wishes)
def test_the_preferred_language_is_chosen(wished: dict[str, int]) -> None:
    assert negotiate(LANGUAGES, header(wished)).tag == best(wished)


@given(wishes, st.sampled_from(["-EG", "-Latn", "-latn-se-1996", "-x-own"]))
def test_a_further_subtag_changes_nothing(wished: dict[str, int], region: str) -> None:
    accepted = {tag: thousandths for tag, thousandths in wished.items() if thousandths}
    further = {f"{tag}{region}": thousandths for tag, thousandths in accepted.items()}
    assert negotiate(LANGUAGES, header(further)).tag == best(accepted)


@given(wishes, st.data())
def test_malformed_wishes_change_nothing(wished: dict[str, int], data: st.DataObject) -> None:
    parts = header(wished).split(",")
    for _ in range(data.draw(st.integers(0, 4))):
        parts.insert(data.draw(st.integers(0, len(parts))), data.draw(malformed))
    assert negotiate(LANGUAGES, ",".join(parts)).tag == best(wished)


@given(wishes, ignorable, ignorable, st.booleans())
def test_case_and_spaces_change_nothing(
    wished: dict[str, int], before: str, after: str, capital: bool
) -> None:
    written = header(wished)
    for separator in (",", ";"):
        written = written.replace(separator, f"{before}{separator}{after}")
    written = written.upper() if capital else written
    assert negotiate(LANGUAGES, written).tag == best(wished)


@given(wishes.filter(lambda wished: SOURCE not in wished))
def test_a_wildcard_with_the_lowest_quality_changes_nothing(
    wished: dict[str, int],
) -> None:
    thousandths = min([*wished.values(), 1000])
    accepted = f"{header(wished)},*;q={max(thousandths - 1, 0) / 1000:.3f}"
    assert negotiate(LANGUAGES, accepted).tag == best(wished)
