"""The words of the word list, and the words of it that a text uses (WCAG 2.2, 3.1.3 and 3.1.4).

``pgettext`` and ``N_`` mark texts for translation; templates translate what they show.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

from portal.content.areas import N_
from portal.content.facts import Facts


def pgettext(context: str, text: str) -> str:
    """Mark a word for extraction with its context, and return it untranslated."""
    return text


@dataclass(frozen=True)
class Word:
    """A word that is explained in the word list."""

    id: str
    """The fragment of its entry's address, as in ``/sv/ordlista#elev``."""
    swedish: str
    meaning: str
    """A text that may name ``%(month)s`` and ``%(name)s``."""
    month: date | None = None
    name: str = ""
    other_forms: tuple[str, ...] = ()
    """Forms that are not the word followed by one of ``_ENDINGS``."""

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms to look for; each may be followed by one of ``_ENDINGS``."""
        return (self.swedish, *self.other_forms)


WORDS = (
    Word(
        "allman-handling",
        pgettext("word", "allmän handling"),
        N_(
            "Ett papper, ett brev eller ett meddelande som finns hos en myndighet. Alla kan be"
            " att få läsa det. Myndigheten prövar först om något är hemligt."
        ),
        other_forms=("allmänna handlingar",),
    ),
    Word(
        "anpassad-grundskola",
        pgettext("word", "anpassad grundskola"),
        N_(
            "En skola för elever som har en intellektuell funktionsnedsättning och därför inte"
            " kan nå målen i grundskolan. Fram till %(month)s hette den %(name)s."
        ),
        month=Facts.adapted_school,
        name="grundsärskola",
    ),
    Word(
        "arkivnamnden",
        pgettext("word", "Arkivnämnden"),
        N_("Den nämnd i Göteborg som beslutar om allmänna handlingar får förstöras."),
    ),
    Word(
        "auktoriserad-oversattare",
        pgettext("word", "auktoriserad översättare"),
        N_("En översättare som har godkänts av staten."),
    ),
    Word(
        "barn-och-elevombudet",
        pgettext("word", "Barn- och elevombudet"),
        N_("En del av Skolinspektionen. Du kan vända dig dit om ett barn blir kränkt i skolan."),
    ),
    Word(
        "gdpr",
        pgettext("word", "dataskyddsförordningen (GDPR)"),
        N_(
            "EU:s regler om hur personuppgifter får användas. GDPR är förkortningen av det"
            " engelska namnet."
        ),
        other_forms=("GDPR", "dataskyddsförordningen"),
    ),
    Word(
        "dataskyddsombud",
        pgettext("word", "dataskyddsombud"),
        N_("En person som kontrollerar att en myndighet följer reglerna om personuppgifter."),
    ),
    Word(
        "diarienummer",
        pgettext("word", "diarienummer"),
        N_(
            "Det nummer som ett ärende eller ett dokument har hos en myndighet. Med numret går"
            " det att hitta."
        ),
    ),
    Word("elev", pgettext("word", "elev"), N_("Ett barn eller en ungdom som går i skolan.")),
    Word(
        "en-standard",
        pgettext("word", "EN-standard"),
        N_(
            "En gemensam europeisk standard, alltså regler för hur något ska fungera. EN står för"
            " europeisk norm."
        ),
        other_forms=("EN 301 549",),
    ),
    Word(
        "fristaende-skola",
        pgettext("word", "fristående skola"),
        N_("En skola som inte drivs av kommunen. Den har en egen huvudman."),
    ),
    Word(
        "fritidshem",
        pgettext("word", "fritidshem"),
        N_("En plats där yngre elever kan vara före och efter skoldagen och på skollov."),
    ),
    Word(
        "funktionsnedsattning",
        pgettext("word", "funktionsnedsättning"),
        N_("När kroppen, sinnena eller hjärnan fungerar så att vissa saker blir svåra att göra."),
    ),
    Word(
        "forskola",
        pgettext("word", "förskola"),
        N_("En plats för barn som inte har börjat i skolan än."),
    ),
    Word(
        "forskoleklass",
        pgettext("word", "förskoleklass"),
        N_("Klassen som barn går i före första klass."),
    ),
    Word(
        "forstarkningsomrade",
        pgettext("word", "förstärkningsområde"),
        N_(
            "Något som förvaltningen arbetar med för att det ska bli bättre. Det finns tre:"
            " undervisningen, styrningen och likvärdigheten."
        ),
    ),
    Word(
        "forvaltning",
        pgettext("word", "förvaltning"),
        N_(
            "De som arbetar i staden med en viss sak, till exempel grundskolan. Förvaltningen gör"
            " det som nämnden har beslutat."
        ),
    ),
    Word(
        "forvaltningsomrade-for-finska",
        pgettext("word", "förvaltningsområde för finska"),
        N_("En kommun där du har rätt att använda finska i kontakten med kommunen."),
    ),
    Word("grundskola", pgettext("word", "grundskola"), N_("Skolan från första till nionde klass.")),
    Word(
        "grundsarskola",
        pgettext("word", "grundsärskola"),
        N_("Det gamla namnet på anpassad grundskola. Det användes fram till %(month)s."),
        month=Facts.adapted_school,
    ),
    Word(
        "gymnasieskola",
        pgettext("word", "gymnasieskola"),
        N_("Skolan som elever kan gå i efter grundskolan."),
    ),
    Word(
        "huvudman",
        pgettext("word", "huvudman"),
        N_(
            "Den som har ansvar för en skola. För kommunala skolor är det kommunen. I Göteborg"
            " sköter grundskolenämnden det."
        ),
        other_forms=(
            "huvudmannen",
            "huvudmän",
            "huvudmännen",
        ),
    ),
    Word(
        "integritetsskyddsmyndigheten",
        pgettext("word", "Integritetsskyddsmyndigheten"),
        N_("En myndighet som kontrollerar att reglerna om personuppgifter följs."),
    ),
    Word(
        "ip-adress",
        pgettext("word", "IP-adress"),
        N_("Ett nummer som en internetuppkoppling har. IP är förkortningen av internetprotokoll."),
        other_forms=("IP",),
    ),
    Word(
        "kakor",
        pgettext("word", "kakor (cookies)"),
        N_("Små filer som en webbplats sparar i din dator eller telefon för att känna igen dig."),
        other_forms=("kakor", "cookies"),
    ),
    Word(
        "klagomal",
        pgettext("word", "klagomål"),
        N_("När du berättar att du inte är nöjd med något och vill att det ska bli bättre."),
    ),
    Word(
        "kollegialt-larande",
        pgettext("word", "kollegialt lärande"),
        N_("När de som arbetar i skolan lär av varandra."),
    ),
    Word(
        "kommun",
        pgettext("word", "kommun"),
        N_(
            "Sverige är indelat i kommuner. Kommunen ansvarar till exempel för sina skolor."
            " Göteborgs Stad är en kommun."
        ),
    ),
    Word(
        "kommunal-skola",
        pgettext("word", "kommunal skola"),
        N_("En skola som kommunen driver."),
        other_forms=("kommunala skolor", "kommunala grundskolor"),
    ),
    Word(
        "kommunfullmaktige",
        pgettext("word", "kommunfullmäktige"),
        N_("De politiker som beslutar om det viktigaste i kommunen. De väljs av dem som bor där."),
    ),
    Word(
        "kompetensforsorjning",
        pgettext("word", "kompetensförsörjning"),
        N_("Att det finns tillräckligt många som har de kunskaper som skolan behöver."),
    ),
    Word(
        "kontaktcenter",
        pgettext("word", "kontaktcenter"),
        N_("De som svarar när du ringer till staden."),
    ),
    Word(
        "krankande-behandling",
        pgettext("word", "kränkande behandling"),
        N_("När någon i skolan säger eller gör något som sårar ett barns värdighet."),
        other_forms=("kränkande",),
    ),
    Word(
        "kunskapsresultat",
        pgettext("word", "kunskapsresultat"),
        N_("Det som visar hur mycket eleverna har lärt sig."),
    ),
    Word(
        "likvardighet",
        pgettext("word", "likvärdighet"),
        N_("Att skolan är lika bra för alla, vilken skola en elev än går i."),
    ),
    Word(
        "mentor",
        pgettext("word", "mentor"),
        N_("En lärare som följer en elev lite extra och som du kan prata med om hur det går."),
    ),
    Word(
        "mobbning",
        pgettext("word", "mobbning"),
        N_("När någon gör en annan person illa eller utesluter den, gång på gång."),
    ),
    Word(
        "modersmalsundervisning",
        pgettext("word", "modersmålsundervisning"),
        N_(
            "Lektioner i elevens modersmål. Eleven talar oftast språket hemma varje dag. Rektorn"
            " beslutar om eleven får lektionerna."
        ),
    ),
    Word(
        "myndighet",
        pgettext("word", "myndighet"),
        N_(
            "En del av staten eller kommunen som sköter en viss sak, till exempel Skolinspektionen."
        ),
    ),
    Word(
        "nationella-mal",
        pgettext("word", "nationella mål"),
        N_("De mål som gäller för skolor i hela landet."),
    ),
    Word(
        "nyanland",
        pgettext("word", "nyanländ"),
        N_("En person som har flyttat till Sverige för inte så länge sedan."),
    ),
    Word(
        "namnd",
        pgettext("word", "nämnd"),
        N_(
            "En grupp politiker som ansvarar för en viss sak i kommunen. Grundskolenämnden"
            " ansvarar för grundskolan."
        ),
    ),
    Word(
        "oskaligt-betungande-anpassning",
        pgettext("word", "oskäligt betungande anpassning"),
        N_(
            "När det är alldeles för svårt eller dyrt att göra något tillgängligt. Då finns det"
            " ett undantag i lagen."
        ),
    ),
    Word(
        "pedagogiskt-ledarskap",
        pgettext("word", "pedagogiskt ledarskap"),
        N_("När rektorn leder arbetet med hur eleverna lär sig och får undervisning."),
    ),
    Word(
        "personnummer",
        pgettext("word", "personnummer"),
        N_("Ett nummer som visar vem en person är i Sverige."),
    ),
    Word(
        "personuppgifter",
        pgettext("word", "personuppgifter"),
        N_(
            "Allt som går att koppla till en viss person, till exempel namn, adress och"
            " telefonnummer."
        ),
    ),
    Word(
        "personuppgiftsansvarig",
        pgettext("word", "personuppgiftsansvarig"),
        N_("Den som ansvarar för hur personuppgifter används."),
    ),
    Word(
        "referensnummer",
        pgettext("word", "referensnummer"),
        N_("Det nummer som ditt ärende får. Säg det när du ringer om ärendet."),
    ),
    Word(
        "registerutdrag",
        pgettext("word", "registerutdrag"),
        N_("Ett papper som visar vilka uppgifter en myndighet har om dig."),
    ),
    Word("rektor", pgettext("word", "rektor"), N_("Chefen för en skola.")),
    Word("samtycke", pgettext("word", "samtycke"), N_("När du säger ja till något.")),
    Word(
        "skolenhet",
        pgettext("word", "skolenhet"),
        N_("En del av stadens grundskolor. Grundskolorna är indelade i områden och i skolenheter."),
    ),
    Word(
        "skolinspektionen",
        pgettext("word", "Skolinspektionen"),
        N_("En myndighet som kontrollerar att skolor följer lagen."),
    ),
    Word("skollagen", pgettext("word", "skollagen"), N_("Lagen om skolan i Sverige.")),
    Word(
        "skolsegregation",
        pgettext("word", "skolsegregation"),
        N_("När elever med olika bakgrund går i olika skolor."),
    ),
    Word(
        "skolval",
        pgettext("word", "skolval"),
        N_("När vårdnadshavare väljer vilken skola barnet ska gå i."),
    ),
    Word(
        "skrappost",
        pgettext("word", "skräppost"),
        N_("Meddelanden som ingen har bett om och som skickas i stora mängder."),
    ),
    Word(
        "skarmlasare",
        pgettext("word", "skärmläsare"),
        N_("Ett program som läser upp det som står på skärmen."),
    ),
    Word(
        "stadsdel",
        pgettext("word", "stadsdel"),
        N_("En del av staden. Fram till %(month)s ansvarade stadsdelarna för skolorna i Göteborg."),
        month=Facts.formed,
    ),
    Word(
        "styrkedjan",
        pgettext("word", "styrkedjan"),
        N_("De som styr och leder skolan på olika nivåer."),
    ),
    Word(
        "synpunkt",
        pgettext("word", "synpunkt"),
        N_("Något du tycker om skolan eller förvaltningen, bra eller dåligt, och vill berätta."),
    ),
    Word(
        "systematiskt-kvalitetsarbete",
        pgettext("word", "systematiskt kvalitetsarbete"),
        N_("Att planera, följa upp och förbättra, om och om igen."),
    ),
    Word(
        "tillganglighet",
        pgettext("word", "tillgänglighet"),
        N_("Att alla kan använda något, också de som har en funktionsnedsättning."),
    ),
    Word(
        "tillganglighetsredogorelse",
        pgettext("word", "tillgänglighetsredogörelse"),
        N_("En sida som berättar hur tillgänglig en webbplats är."),
    ),
    Word(
        "tolk",
        pgettext("word", "tolk"),
        N_("En person som översätter det som sägs, så att ni förstår varandra."),
    ),
    Word(
        "utredning",
        pgettext("word", "utredning"),
        N_("När någon tar reda på hur något är och skriver ner det i en rapport."),
    ),
    Word(
        "vardnadshavare",
        pgettext("word", "vårdnadshavare"),
        N_("Den som enligt lagen har ansvar för ett barn. Oftast är det barnets föräldrar."),
    ),
    Word(
        "vaxel",
        pgettext("word", "växel"),
        N_("Ett telefonnummer där någon kopplar dig vidare till den du söker."),
    ),
    Word(
        "wcag",
        pgettext("word", "WCAG"),
        N_(
            "Internationella riktlinjer för hur en webbplats blir tillgänglig för alla. Namnet är"
            " en engelsk förkortning."
        ),
    ),
    Word("arende", pgettext("word", "ärende"), N_("Det som du kontaktar en myndighet om.")),
)
"""In the order of the Swedish alphabet."""

_ENDINGS = "(?:e?n|e?t|an?|ar|er|or|na|arna|erna|orna)?s?"
"""Endings of Swedish nouns and adjectives: plural, definite forms and genitive. A final ``a`` is
an ending too, so it is removed from the forms to look for."""


def words_in(text: str) -> tuple[Word, ...]:
    """The words of the list that a Swedish text uses, in the order of the list.

    >>> [word.id for word in words_in("Rektorn, huvudmannen och IP-adressen")]
    ['huvudman', 'ip-adress', 'rektor']
    """
    pattern, words = _forms()
    ids = {words[form].id for form in pattern.findall(text.lower())}
    return tuple(word for word in WORDS if word.id in ids)


@cache
def _forms() -> tuple[re.Pattern[str], dict[str, Word]]:
    """A pattern for all forms in lower case, and the word of each form.

    The pattern has one group: plain alternatives are found ten times as fast as a group for
    each word.
    """
    words = {form.removesuffix("a").lower(): word for word in WORDS for form in word.forms}
    # Longer forms first, so that "anpassad grundskola" is not taken for "grundskola".
    alternatives = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    return re.compile(rf"\b({alternatives}){_ENDINGS}\b"), words
