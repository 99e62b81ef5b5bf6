"""An address leads where it means, however it was typed and whatever was added to it."""

import pytest

from tests.visitor import Visit, Visitor


def is_alongside(visit: Visit) -> bool:
    """Whether the Swedish text stands beside the translation."""
    return any(span.get("class") == "alongside" for span in visit.all("span"))


@pytest.mark.parametrize("slug", ["", "ordlista", "kontakt"])
@pytest.mark.parametrize(
    "query", ["bredvid=sv&fbclid=x", "fbclid=x&bredvid=sv", "bredvid=sv&", "&bredvid=sv&a=%FF"]
)
async def test_what_others_add_to_a_link_keeps_the_swedish_alongside(
    visitor: Visitor, slug: str, query: str
) -> None:
    assert is_alongside(await visitor.get(f"/ar/{slug}?{query}"))
    assert not is_alongside(await visitor.get(f"/ar/{slug}?{query.replace('bredvid', 'x')}"))


async def test_what_others_add_to_a_link_changes_nothing(visitor: Visitor) -> None:
    for address in ("/sv/", "/en/ordlista", "/ar/kontakt", "/sv/kontakt?saknas=ar"):
        plain = await visitor.client.get(address)
        joint = "&" if "?" in address else "?"
        for added in ("fbclid=x", "utm_source=a&utm_medium=b", "bredvid=en", "saknas=x"):
            assert (await visitor.client.get(f"{address}{joint}{added}")).text == plain.text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/ar", "/ar/"),
        ("/ar?bredvid=sv&x=y", "/ar/?bredvid=sv&x=y"),
        ("/Sv/", "/sv/"),
        ("/SV", "/sv/"),
        ("/SV/KONTAKT", "/sv/kontakt"),
        ("/sv/Kontakt?kind=praise", "/sv/kontakt?kind=praise"),
        ("/sv/kontakt/", "/sv/kontakt"),
        ("/en/omraden/undervisning/?bredvid=sv", "/en/omraden/undervisning?bredvid=sv"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_capitals_and_slashes_lead_to_the_page_that_is_meant(
    visitor: Visitor, method: str, typed: str, meant: str
) -> None:
    answer = await visitor.client.request(method, typed)
    assert (answer.status_code, answer.headers["location"]) == (308, meant)


@pytest.mark.parametrize(
    "path", ["/SV/NOWHERE", "/xx/kontakt", "/%2f%2fevil.example/", "/sv/omraden"]
)
async def test_an_address_that_means_nothing_is_not_found(visitor: Visitor, path: str) -> None:
    await visitor.get(path, 404)
