"""The quick check, which skips most texts, finds the same errors as the thorough one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.i18n.checks import CatalogEntry, CatalogInfo, examine
from portal.i18n.languages import language

PIECES = ["%(name)s", "%", "(", ")s", "<b>", "&amp;", "https://x", "www.x.se", "a@b.se", "031-"]
texts = st.lists(
    st.sampled_from([*PIECES, "3", "٣", " ", "Ring", "اتصل", "\u202b", "\u202c", "\u2066", "\n"])
    | st.characters(exclude_categories=["Cs"]),
    max_size=2,
).map("".join)
entries = st.builds(
    CatalogEntry,
    st.just(1),
    st.none(),
    st.lists(texts.filter(bool), min_size=1, max_size=2).map(tuple),
    st.lists(texts, min_size=1, max_size=3).map(tuple),
)


@pytest.mark.slow
@settings(max_examples=2000)
@given(entries)
def test_the_quick_check_finds_every_error(entry: CatalogEntry) -> None:
    info = CatalogInfo(language("ar"), 6)
    thorough = [fault.check for fault in examine(entry, info) if fault.check.is_error]
    assert [fault.check for fault in examine(entry, info, errors_only=True)] == thorough
