"""Every page in every language can be opened, is sound, and links to its translations."""

import httpx2
import pytest

from portal.i18n.languages import discover
from portal.settings import DATA
from portal.web.public.pages import PAGES
from tests.visitor import Visitor, words

LANGUAGES = discover(DATA / "locales")
ADDRESSES = [f"/{tag}/{page.slug}" for tag in LANGUAGES for page in PAGES]


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_page_links_to_itself_in_every_other_language(
    visitor: Visitor, address: str
) -> None:
    visit = await visitor.get(address)
    _, own, slug = address.split("/", 2)

    assert visit.language == own
    (languages,) = [nav for nav in visit.all("nav") if nav.get("class") == "language-list"]
    # On the contact page these are buttons of the form, which keep what was typed.
    links = [*languages.iter("a"), *(b for b in languages.iter("button") if b.get("name"))]
    offered = {link.get("lang"): link for link in links}
    assert set(offered) == {*LANGUAGES} - {own}
    for tag, link in offered.items():
        assert (link.get("href") or link.get("formaction")) == f"/{tag}/{slug}"
        assert link.get("hreflang", tag) == tag
    (current,) = [e for e in languages.iter() if e.get("aria-current")]
    assert words(current) == LANGUAGES[own].name


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_page_names_its_translations_to_search_engines(
    visitor: Visitor, address: str
) -> None:
    visit = await visitor.get(address)
    slug = address.split("/", 2)[2]

    assert visit.only("link", rel="canonical").get("href") == visitor.address + address
    alternates = {e.get("hreflang"): e.get("href") for e in visit.all("link", rel="alternate")}
    default = alternates.pop("x-default")
    assert alternates == {tag: f"{visitor.address}/{tag}/{slug}" for tag in LANGUAGES}
    assert default == visitor.address + (f"/sv/{slug}" if slug else "/")
    assert len(visit.only("meta", name="description").get("content", "")) > 30


async def test_every_page_has_a_title_of_its_own(visitor: Visitor) -> None:
    titles = [(await visitor.get(address)).title for address in ADDRESSES]
    assert len(set(titles)) == len(titles)


async def test_every_link_inside_the_portal_leads_to_a_page(visitor: Visitor) -> None:
    inside = {
        link
        for address in ADDRESSES
        for link in (await visitor.get(address)).links()
        if link.startswith("/")
    }
    for link in sorted(inside):
        await visitor.get(link)
    assert len(inside) > len(ADDRESSES)


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_the_start_page_has_everything_that_the_source_page_has(
    visitor: Visitor, tag: str
) -> None:
    visit = await visitor.get(f"/{tag}/")
    cards = visit.all("article")
    assert len(cards) == 4
    assert [len(list(card.iter("li"))) for card in cards] == [3, 3, 3, 0]
    for fact in ("031-365 09 60", "Gamlestads Torg 5", "Box 1015", "405 21 Göteborg"):
        assert fact in visit.text


async def test_the_swedish_headings_are_those_of_the_source_page(visitor: Visitor) -> None:
    visit = await visitor.get("/sv/")
    headings = [words(e) for tag in ("h1", "h2", "h3") for e in visit.all(tag)]
    for heading in (
        "Våra förstärkningsområden",
        "Våra tre förstärkningsområden – detta arbetar vi för",
        "Ökad kvalitet i undervisningen",
        "Tydligare ansvar, styrning och ledning",
        "Ökad likvärdighet mellan skolor",
        "Skolenhetsutredningen",
        "Kontakta grundskoleförvaltningen",
        "Ring eller skriv",
        "Besöksadress",
        "Postadress",
    ):
        assert heading in headings


async def test_both_investigations_are_described_with_their_years(visitor: Visitor) -> None:
    text = (await visitor.get("/en/omraden/skolenhetsutredningen")).text
    for fact in ("2016", "1111/15", "20 April 2017", "1 July 2018", "2019", "June 2020", "2021"):
        assert fact in text


async def test_the_visiting_address_is_machine_readable(visitor: Visitor) -> None:
    visit = await visitor.get("/ar/kontakt")
    point = {e.get("itemprop"): e.get("content") for e in visit.all("meta") if e.get("itemprop")}
    assert (point["latitude"], point["longitude"]) == ("57.72796", "12.00499")
    assert "geo:57.72796,12.00499" in visit.links()


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_telephone_numbers_read_from_left_to_right(visitor: Visitor, tag: str) -> None:
    visit = await visitor.get(f"/{tag}/kontakt")
    numbers = [link for link in visit.all("a") if link.get("href") == "tel:+46313650960"]
    assert numbers
    assert all([child.get("dir") for child in number] == ["ltr"] for number in numbers)


@pytest.mark.parametrize(
    ("accepted", "tag"),
    [("ar-EG,sv;q=0.8", "ar"), ("en", "en"), ("de", "sv"), ("", "sv"), ("sv;q=0,*", "en")],
)
async def test_the_root_redirects_to_the_language_of_the_browser(
    visitor: Visitor, accepted: str, tag: str
) -> None:
    response = await visitor.client.get("/", headers={"accept-language": accepted})
    assert (response.status_code, response.headers["location"]) == (302, f"/{tag}/")
    assert response.headers["vary"] == "Accept-Language"


async def test_a_language_without_a_slash_is_redirected(visitor: Visitor) -> None:
    response = await visitor.client.get("/ar")
    assert (response.status_code, response.headers["location"]) == (308, "/ar/")


async def test_swedish_is_shown_alongside_and_links_keep_the_choice(visitor: Visitor) -> None:
    visit = await visitor.get("/ar/omraden/styrning?bredvid=sv")
    beside = [e for e in visit.all("span") if e.get("class") == "alongside"]
    assert all((e.get("lang"), e.get("dir")) == ("sv", "ltr") for e in beside)
    assert "Det kallas styrkedjan." in " ".join(map(words, beside))
    assert "/ar/kontakt?bredvid=sv" in visit.links()
    assert "/sv/omraden/styrning" in visit.links()
    assert visit.only("link", rel="canonical").get("href", "").endswith("/ar/omraden/styrning")


async def test_the_sitemap_names_every_page(visitor: Visitor) -> None:
    sitemap = (await visitor.client.get("/sitemap.xml")).text
    assert sitemap.count("<loc>") == len(ADDRESSES)
    for address in ADDRESSES:
        assert f"<loc>{visitor.address}{address}</loc>" in sitemap


async def test_robots_txt_and_security_txt_are_served(visitor: Visitor) -> None:
    assert "Disallow: /*/arende/" in (await visitor.client.get("/robots.txt")).text
    security = (await visitor.client.get("/.well-known/security.txt")).text
    assert "Contact: " in security
    assert "Expires: 20" in security


async def test_a_page_that_the_client_has_is_answered_with_304(visitor: Visitor) -> None:
    first: httpx2.Response = await visitor.client.get("/sv/")
    again = await visitor.client.get("/sv/", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
