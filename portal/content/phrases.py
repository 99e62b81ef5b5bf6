"""Standard sentences for answers, each with one name for all languages.

An officer chooses one in Swedish, and it is added to the answer in Swedish and, from the
catalogs, in the guardian's language. ``N_`` marks a text for translation. Numbers, addresses
and names are values, so that they are the same in every language.
"""

from dataclasses import dataclass

from portal.content.areas import N_
from portal.content.facts import Facts

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Phrase:
    """A sentence or two that many answers need."""

    name: str
    """The value in forms; it does not change when the text does."""
    text: str
    """A text that may name a value of ``phrase_values``, as ``%(phone)s``."""


@dataclass(frozen=True)
class Group:
    """Phrases for one purpose."""

    heading: str
    """In Swedish, for staff only."""
    phrases: tuple[Phrase, ...]


GROUPS = (
    Group(
        "Börja",
        (
            Phrase("thanks", N_("Hej! Tack för ditt meddelande.")),
            Phrase("thanks-view", N_("Hej! Tack för att du berättar vad du tycker.")),
            Phrase("received", N_("Vi har läst ditt meddelande och arbetar med det.")),
            Phrase("time", N_("Vi behöver mer tid innan vi kan svara. Vi skriver till dig igen.")),
            Phrase("sorry", N_("Vi är ledsna över att det blev fel.")),
            Phrase("sorry-late", N_("Vi är ledsna över att du har fått vänta på svar.")),
        ),
    ),
    Group(
        "Fråga",
        (
            Phrase("school", N_("Vilken skola gäller det?")),
            Phrase("class", N_("Vilken årskurs och vilken klass går barnet i?")),
            Phrase("when", N_("När hände det?")),
            Phrase(
                "more",
                N_("Berätta gärna mer om vad som har hänt, så att vi förstår dig rätt."),
            ),
            Phrase(
                "interpreter",
                N_("Behöver du tolk eller översättning? Skriv det till oss, och vilket språk."),
            ),
            Phrase("call", N_("Vill du hellre prata med oss? Ring %(phone)s.")),
            Phrase(
                "sensitive",
                N_(
                    "Skriv inte personnummer eller uppgifter om någons hälsa här. Ring oss i"
                    " stället på %(phone)s."
                ),
            ),
        ),
    ),
    Group(
        "Visa vägen",
        (
            Phrase(
                "talk-to-school",
                N_("Prata först med barnets lärare eller mentor, och sedan med rektorn."),
            ),
            Phrase("passed-on", N_("Vi har lämnat ditt meddelande vidare till skolans rektor.")),
            Phrase(
                "independent",
                N_(
                    "Skolan är fristående och hör inte till oss. Vänd dig till skolans huvudman,"
                    " alltså den som ansvarar för skolan."
                ),
            ),
            Phrase(
                "other-administration",
                N_(
                    "Det här sköter en annan förvaltning i staden. Ring stadens växel på"
                    " %(switchboard)s och fråga efter den."
                ),
            ),
            Phrase(
                "complaint",
                N_("Vi tar emot ditt meddelande som ett klagomål och undersöker det."),
            ),
            Phrase(
                "representative",
                N_(
                    "Gäller det mobbning eller annan kränkande behandling kan du också vända dig"
                    " till Barn- och elevombudet: %(representative)s"
                ),
            ),
            Phrase(
                "inspectorate",
                N_(
                    "Är du inte nöjd med hur vi har tagit hand om ditt klagomål kan du vända dig"
                    " till Skolinspektionen: %(inspectorate)s"
                ),
            ),
            Phrase(
                "secrecy",
                N_("Vi kan inte berätta mer, eftersom det vi vet måste hållas hemligt enligt lag."),
            ),
        ),
    ),
    Group(
        "Avsluta",
        (
            Phrase("again", N_("Undrar du något mer? Skriv till oss igen i samma ärende.")),
            Phrase("regards", N_("Vänliga hälsningar, %(administration)s")),
        ),
    ),
)
PHRASES = {phrase.name: phrase for group in GROUPS for phrase in group.phrases}


def phrase_values(facts: Facts) -> dict[str, str]:
    """The values of the placeholders in phrases; a phone number is not broken across lines."""
    return {
        "phone": facts.phone.replace(" ", NO_BREAK_SPACE),
        "switchboard": facts.switchboard.replace(" ", NO_BREAK_SPACE),
        "administration": facts.administration,
        "representative": facts.representative_url,
        "inspectorate": facts.inspectorate_url,
    }
