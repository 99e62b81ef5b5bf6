"""The organisation's facts, each stated once.

Texts receive them as named values, so no phone number, address, date or count is
typed into a sentence, and every language states the same. What only the
administration can confirm is a setting (``settings.Confirmed``).
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Facts:
    """What pages may state. Proper names are in Swedish in every language."""

    administration: str = "Grundskoleförvaltningen"
    board: str = "Grundskolenämnden i Göteborgs Stad"
    city: str = "Göteborgs Stad"
    city_url: str = "https://goteborg.se/"

    phone: str = "031-365 09 60"
    switchboard: str = "031-365 00 00"
    """The city's switchboard."""
    visiting_address: str = "Gamlestads Torg 5"
    place: str = "Göteborg"
    postal_address: tuple[str, str] = ("Box 1015", "405 21 Göteborg")
    latitude: float = 57.72796
    longitude: float = 12.00499

    formed: date = date(2018, 7, 1)
    """The day on which the administration and its board began their work."""
    council_decision: date = date(2017, 4, 20)
    """The day of the city council's decision to bring preschool and compulsory school together."""
    first_investigation: int = 2016
    first_investigation_number: str = "1111/15"
    unit_investigation: int = 2019
    unit_decision: date = date(2020, 6, 1)
    """Only year and month are known."""
    unit_organisation: int = 2021
    """The year of the autumn term in which the new school units began."""
    finnish_area: int = 2011

    access_law: str = "2018:1937"
    education_act_chapter: int = 4
    """The chapter of skollagen that has the sections on complaints."""
    complaints_section: int = 8
    """The responsible body's routines for complaints."""
    shortcomings_section: int = 7
    """Faults that a complaint shows must be corrected."""
    adapted_school: date = date(2023, 7, 1)
    """Until then anpassad grundskola was called grundsärskola; only year and month are known."""
    representative_url: str = "https://beo.skolinspektionen.se/"
    city_data_page: str = "Så här behandlar kommunen dina personuppgifter"
    """The title of the city's own page on personal data."""
    inspectorate_url: str = "https://www.skolinspektionen.se/"
    privacy_authority_url: str = "https://www.imy.se/"

    @property
    def map_url(self) -> str:
        """A map of the visiting address on the web; fetched only when a reader follows the link."""
        point = f"{self.latitude}/{self.longitude}"
        return (
            "https://www.openstreetmap.org/"
            f"?mlat={self.latitude}&mlon={self.longitude}#map=17/{point}"
        )

    @property
    def geo_url(self) -> str:
        """The visiting address for the map of the device (RFC 5870)."""
        return f"geo:{self.latitude},{self.longitude}"


def dialled(phone: str) -> str:
    """A Swedish phone number in the form that a ``tel:`` address needs (RFC 3966).

    >>> dialled("031-365 09 60")
    '+46313650960'
    """
    return "+46" + "".join(filter(str.isdigit, phone)).removeprefix("0")
