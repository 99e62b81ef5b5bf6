"""What may fall under secrecy is marked, in three languages and any digits; nothing else is."""

import pytest

from portal.web.staff.secrecy import marks


def kinds(text: str) -> list[str]:
    return [mark.kind for mark in marks(text)]


@pytest.mark.parametrize(
    "number",
    [
        "20120101-2380",
        "201201012380",
        "120101-2380",
        "1201012380",
        "120101+2380",
        "120101 2380",
        "120101\u20132380",
        "12 01 01-2380",
        "120161-2387",
        "٢٠١٢٠١٠١-٢٣٨٠",
        "۱۲۰۱۰۱۲۳۸۰",
        "1201\u200e01-2380",
    ],
)
def test_an_identity_number_is_recognised_however_it_is_written(number: str) -> None:
    assert kinds(f"Barnet, {number}, går i skolan.") == ["identity-number"]


@pytest.mark.parametrize(
    "text",
    [
        "031-365 09 60",
        "20120101-2385",
        "20121301-2380",
        "20120230-2380",
        "1234567890123",
        "Vi ses 2026-11-26 klockan 14.30",
        "Dnr 1111/15",
    ],
)
def test_other_numbers_are_not(text: str) -> None:
    assert marks(text) == []


@pytest.mark.parametrize(
    ("text", "kind", "word"),
    [
        ("Hon har fått en DIAGNOS.", "health", "DIAGNOS"),
        ("Min son har (autism)", "health", "autism"),
        ("Vi har skyddad identitet.", "protection", "skyddad"),
        ("Orosanmälan är gjord", "protection", "Orosanmälan"),
        ("He was in the hospital, twice", "health", "hospital"),
        ("My ex is violent.", "protection", "violent"),
        ("ابني مريض منذ شهر", "health", "مريض"),
        ("قال الطبيب ذلك", "health", "الطبيب"),
        ("وبالعلاج", "health", "وبالعلاج"),
        ("هويتنا محميّة", "protection", "محميّة"),
        ("هو يهددنا!", "protection", "يهددنا"),
    ],
)
def test_words_of_health_and_protection_are_marked_as_they_stand(
    text: str, kind: str, word: str
) -> None:
    assert [(mark.kind, mark.words) for mark in marks(text)] == [(kind, (word,))]


@pytest.mark.parametrize(
    "text",
    [
        "Jag undrar när höstterminen börjar och vilken skola som gäller.",
        "When does the autumn term begin, and which school is it?",
        "متى يبدأ الفصل الدراسي الخريفي وفي أي مدرسة؟",
        "أنا نفسي قلق على ابني.",
    ],
)
def test_ordinary_questions_are_not_marked(text: str) -> None:
    assert marks(text) == []
