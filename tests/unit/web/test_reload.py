"""A saved catalog is shown at once, without its errors; no page mixes two editions."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from portal.content.hours import Hours, Opening
from portal.i18n import catalogs
from portal.i18n.catalogs import Catalog, CatalogError
from portal.i18n.languages import CATALOG, discover, language
from portal.i18n.rendering import Renderers, Vocabulary
from portal.settings import DATA, Confirmed, Settings
from portal.translators import merging
from portal.web.app import create_app
from portal.web.edition import Edition, build
from portal.web.guard import Guard
from portal.web.public import contact
from portal.web.reload import compress, read_stamps, reload, reloading
from tests.unit.commands.test_serve import free_port, wait_for

HELP = "Behöver du hjälp?"
"""A text that every page shows."""
ENGLISH, OTHER = "Do you need help?", "Could you use a hand?"
WITH_AN_ERROR = {
    "placeholder": ('msgstr "Call %(phone)s."', 'msgstr "Call %(fone)s."'),
    "markup": (f'msgstr "{ENGLISH}"', 'msgstr "<script>alert()</script>?"'),
    "plural": ('msgstr[1] "You have %(num)s characters left."\n', ""),
}
BROKEN = {
    "rule": ("(n != 1)", "(n > 1)"),
    "file": (f'msgstr "{ENGLISH}"', f'msgstr "{ENGLISH}'),
}


@pytest.fixture
def locales(tmp_path: Path) -> Path:
    """A copy of the shipped catalogs, which a test may change."""
    return shutil.copytree(DATA / "locales", tmp_path / "locales")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings for development, with a database of the test's own."""
    return Settings.read({"DATABASE_URL": f"sqlite:///{tmp_path}/own.db"})


@pytest.fixture
def guard(settings: Settings, locales: Path) -> Guard:
    """A portal that is called without a server."""
    return create_app(settings, locales)


def rewrite(locales: Path, former: str, new: str, tag: str = "en") -> None:
    """Save a catalog as an editor does, by replacing the file."""
    path = locales / tag / CATALOG
    text = path.read_text("utf-8")
    assert former in text
    draft = path.with_suffix(".new")
    draft.write_text(text.replace(former, new), "utf-8")
    os.replace(draft, path)


@pytest.mark.slow
def test_a_saved_catalog_is_shown_on_the_new_pages(
    guard: Guard, settings: Settings, locales: Path
) -> None:
    old = guard.edition
    others = {
        path: old.resources.built(path) for path in ("/ar/", "/sv/", "/ar/kontakt?bredvid=sv")
    }
    old.compress_ahead()
    rewrite(locales, ENGLISH, OTHER)
    reload(guard, settings, locales, read_stamps(locales))
    assert OTHER in guard.edition.resources.built("/en/").text
    assert OTHER in guard.edition.resources.built("/en/?bredvid=sv").text
    assert OTHER not in old.resources.built("/en/").text
    for path, former in others.items():
        assert guard.edition.resources.built(path).is_compressed
        assert guard.edition.resources.built(path).bodies == former.bodies


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_catalog_is_refused_and_the_old_pages_are_kept(
    guard: Guard, settings: Settings, locales: Path, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    old = guard.edition
    rewrite(locales, *BROKEN[fault])
    reload(guard, settings, locales, read_stamps(locales))
    assert guard.edition is old
    assert str(locales / "en" / CATALOG) in caplog.text
    assert "Refused: " in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("fault", WITH_AN_ERROR)
def test_a_text_with_an_error_is_shown_in_swedish_after_a_reload_as_after_a_start(
    guard: Guard, settings: Settings, locales: Path, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    rewrite(locales, *WITH_AN_ERROR[fault])
    reload(guard, settings, locales, read_stamps(locales))
    (message,) = [text for text in caplog.messages if text.startswith("Shown in Swedish")]
    assert str(locales / "en" / CATALOG) in message
    assert "portal catalogs check en" in message
    started = create_app(settings, locales).edition
    assert caplog.messages[-1] == message
    paths = [path for path in started.resources if "/en/" in path]
    pages = "".join(started.resources.built(path).text for path in paths)
    assert pages == "".join(guard.edition.resources.built(path).text for path in paths)
    marked = '<span lang="sv" dir="ltr">'
    swedish = {
        "placeholder": f"{marked}Ring <a",
        "markup": f"{marked}{HELP}",
        "plural": '="Du har # tecken kvar."',
    }
    assert swedish[fault] in pages
    assert "<script>alert" not in pages


@pytest.mark.parametrize("fault", BROKEN)
def test_a_portal_does_not_start_with_a_broken_catalog(
    settings: Settings, locales: Path, fault: str
) -> None:
    rewrite(locales, *BROKEN[fault])
    with pytest.raises(CatalogError, match=CATALOG):
        create_app(settings, locales)


def test_a_refused_catalog_does_not_hold_back_others(
    guard: Guard, settings: Settings, locales: Path
) -> None:
    rewrite(locales, "(n != 1)", "(n > 1)")
    rewrite(locales, "هل تحتاجون إلى مساعدة؟", "هل تريدون مساعدة؟", "ar")
    reload(guard, settings, locales, read_stamps(locales))
    assert "هل تريدون مساعدة؟" in guard.edition.resources.built("/ar/").text
    assert ENGLISH in guard.edition.resources.built("/en/").text


@pytest.mark.slow
async def test_a_catalog_saved_while_a_reload_failed_is_read_by_the_next(
    guard: Guard, settings: Settings, locales: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def fail(*_: object) -> None:
        loop.call_soon_threadsafe(failed.set)
        raise OSError

    async with reloading(guard, settings, locales, read_stamps(locales)):
        with monkeypatch.context() as patch:
            patch.setattr("portal.web.reload.build_from", fail)
            rewrite(locales, ENGLISH, OTHER)
            await asyncio.wait_for(failed.wait(), 10)
        rewrite(locales, "هل تحتاجون إلى مساعدة؟", "هل تريدون مساعدة؟", "ar")
        for _ in range(1000):
            if "هل تريدون مساعدة؟" in guard.edition.resources.built("/ar/").text:
                break
            await asyncio.sleep(0.01)
    assert OTHER in guard.edition.resources.built("/en/").text


def test_a_catalog_saved_without_a_change_makes_no_edition(
    guard: Guard, settings: Settings, locales: Path
) -> None:
    old = guard.edition
    (locales / "en" / CATALOG).touch()
    reload(guard, settings, locales, read_stamps(locales))
    assert guard.edition is old


@pytest.mark.parametrize(
    ("tag", "name", "direction", "plurals"),
    [
        ("so", "Soomaali", "ltr", 2),
        ("fa", "فارسی", "rtl", 2),
        ("ckb", "کوردیی ناوەندی", "rtl", 2),
        ("fi", "Suomi", "ltr", 2),
        ("pl", "Polski", "ltr", 3),
        ("aii", "Aii", "rtl", 2),
    ],
)
def test_a_new_language_appears_everywhere(
    guard: Guard,
    settings: Settings,
    locales: Path,
    tag: str,
    name: str,
    direction: str,
    plurals: int,
) -> None:
    path = merging.add(locales, tag)
    assert f"nplurals={plurals};" in path.read_text("utf-8")
    assert language(tag).misplaced(catalogs.open_file(path, language(tag)).plural_form) == []
    reload(guard, settings, locales, read_stamps(locales))
    resources = guard.edition.resources
    for page in (f"/{tag}/kontakt", f"/{tag}/kontakt?bredvid=sv"):
        assert f'<html lang="{tag}" dir="{direction}">' in resources.built(page).text
        assert '<span lang="sv" dir="ltr">Kontakta' in resources.built(page).text
    for other in ("sv", "en", "ar"):
        page = " ".join(resources.built(f"/{other}/").text.split())
        assert f'lang="{tag}" dir="{direction}" >{name}' in page
    assert f"/{tag}/ordlista</loc>" in resources.built("/sitemap.xml").text
    assert f"/{tag}" in resources
    assert guard.edition.coverage.of("", tag).translated == 0
    assert guard.edition.coverage.of("", "en").percent == 100
    refused = contact.show_again(guard.edition.renderers(language(tag)), {}, 413)
    for page_text in (resources.built(f"/{tag}/kontakt").text, refused.text):
        assert 'class="translation-notice' in page_text
    shutil.rmtree(locales / tag)
    reload(guard, settings, locales, read_stamps(locales))
    assert f"/{tag}/" not in guard.edition.resources
    assert name not in guard.edition.resources.built("/sv/").text


def test_the_catalog_of_a_language_that_cldr_lacks_does_not_name_its_stand_in(
    locales: Path,
) -> None:
    assert "Language-Team: prs\\n" in merging.add(locales, "prs").read_text("utf-8")


def test_adding_an_existing_language_or_a_malformed_tag_is_refused(locales: Path) -> None:
    with pytest.raises(FileExistsError):
        merging.add(locales, "en")
    for tag in ("../so", "Somali", "so_SO"):
        with pytest.raises(ValueError, match="not a language tag"):
            merging.add(locales, tag)


@pytest.mark.slow
async def test_pages_are_rebuilt_when_the_telephone_opens(
    guard: Guard, settings: Settings, locales: Path
) -> None:
    settings = replace(settings, confirmed=Confirmed(phone_hours=Hours.read("mon-sun 00:00-23:59")))
    edition = build(settings, locales)
    assert not edition.is_stale(datetime.now(UTC))
    past = Opening(False, datetime.now(UTC) - timedelta(seconds=1))
    closed = replace(settings, confirmed=Confirmed(phone_hours=Hours.read("mon 00:00-00:01")))
    guard.edition = replace(build(closed, locales), opening=past)
    assert guard.edition.is_stale(datetime.now(UTC))
    reload(guard, settings, locales)
    assert guard.edition.opening != past
    # The texts of a page depend on the hour.
    fresh = build(settings, locales).coverage
    assert guard.edition.coverage == fresh


def test_the_coverage_of_an_added_language_is_the_same_as_after_a_start(
    settings: Settings, locales: Path, tmp_path: Path
) -> None:
    """Some texts are shown only on pages that are not in Swedish."""
    alone = create_app(settings, tmp_path)
    assert alone.edition.coverage.of("", "sv").total
    reload(alone, settings, locales, read_stamps(locales))
    fresh = build(settings, locales).coverage
    assert alone.edition.coverage == fresh


@pytest.mark.slow
def test_a_page_that_cannot_be_built_is_logged(
    guard: Guard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(edition: Edition, goes_on: object) -> None:
        raise KeyError("a value")

    monkeypatch.setattr(Edition, "compress_ahead", broken)
    compress(guard.edition, threading.Event())
    assert "A page cannot be built: KeyError" in caplog.text


@pytest.mark.slow
async def test_in_development_a_saved_catalog_is_noticed(
    guard: Guard, settings: Settings, locales: Path
) -> None:
    async with reloading(guard, settings, locales, read_stamps(locales)):
        for new, former in ((OTHER, ENGLISH), (ENGLISH, OTHER)):
            rewrite(locales, former, new)
            for _ in range(1000):
                if new in guard.edition.resources.built("/en/").text:
                    break
                await asyncio.sleep(0.01)
            assert new in guard.edition.resources.built("/en/").text


@pytest.mark.slow
async def test_no_page_mixes_two_editions(guard: Guard, settings: Settings, locales: Path) -> None:
    """Hundreds of requests in three languages, while a catalog is reloaded again and again."""
    ours = {
        "sv": {HELP},
        "en": {f"Do you need help, round {n}?" for n in "abcdefghij"},
        "ar": {"هل تحتاجون إلى مساعدة؟"},
    }
    transport = httpx2.ASGITransport(app=guard)
    shown_texts: list[tuple[str, str, str]] = []

    async def read(client: httpx2.AsyncClient, tag: str) -> None:
        while not done.is_set():
            for path in (f"/{tag}/", f"/{tag}/finns-inte", f"/{tag}/kontakt?kind=view"):
                answer = await client.get(path)
                (shown,) = re.findall(r'<h2 id="help-name">(.*?)</h2>', answer.text)
                shown_texts.append((tag, answer.headers["content-language"], shown))
                await asyncio.sleep(0)

    done = asyncio.Event()
    rewrite(locales, ENGLISH, "Do you need help, round a?")
    await asyncio.to_thread(reload, guard, settings, locales, read_stamps(locales))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        readers = [asyncio.create_task(read(client, tag)) for tag in [*ours] * 10]
        for former, new in zip("abcdefghi", "bcdefghij", strict=True):
            rewrite(locales, f"round {former}?", f"round {new}?")
            await asyncio.to_thread(reload, guard, settings, locales, read_stamps(locales))
        done.set()
        await asyncio.gather(*readers)
    assert len(shown_texts) > 300
    for tag, language_of_page, shown in shown_texts:
        assert language_of_page == tag
        assert shown in ours[tag]
    assert len({shown for tag, _, shown in shown_texts if tag == "en"}) > 3


@pytest.mark.slow
def test_in_production_a_signal_reloads_the_catalogs(tmp_path: Path, locales: Path) -> None:
    port = free_port()
    command = (
        "import sys, uvicorn; from pathlib import Path; from functools import partial;"
        "from portal.settings import Settings; from portal.web.app import create_app;"
        f"app = partial(create_app, Settings.read(), Path({str(locales)!r}));"
        f"uvicorn.run(app, factory=True, port={port})"
    )
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path}/own.db",
        "PORTAL_ENV": "production",
        "PORTAL_BASE_URL": "https://skola.example.se",
        "PORTAL_ALLOWED_HOSTS": "127.0.0.1",
    }
    address = f"http://127.0.0.1:{port}/en/"
    with subprocess.Popen([sys.executable, "-c", command], env=environment) as server:
        try:
            assert ENGLISH in wait_for(address).text
            rewrite(locales, ENGLISH, OTHER)
            server.send_signal(signal.SIGHUP)
            for _ in range(500):
                if OTHER in httpx2.get(address, verify=False).text:
                    break
                time.sleep(0.02)
            assert OTHER in httpx2.get(address, verify=False).text
        finally:
            server.terminate()


def test_no_catalog_can_put_markup_on_a_page(settings: Settings) -> None:
    """It is escaped, even if it should pass the checks."""
    languages = discover(DATA / "locales")
    bad = Catalog(languages["en"], {(None, HELP): ("<script>alert(1)</script>",)}, int)
    english = Renderers(DATA / "templates", languages, {"en": bad})(languages["en"])
    assert Vocabulary(english).gettext(HELP) == "&lt;script&gt;alert(1)&lt;/script&gt;"


def test_a_file_that_was_cut_off_is_refused(
    guard: Guard, settings: Settings, locales: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk leaves a file that is whole for its reader, and has a few texts."""
    edition = guard.edition
    path = locales / "en" / CATALOG
    entries = path.read_text("utf-8").split("\n\n")
    path.write_text("\n\n".join(entries[: len(entries) // 4]) + "\n", "utf-8")
    reload(guard, settings, locales, read_stamps(locales))
    assert guard.edition is edition
    assert "texts are left. Save the whole file" in caplog.text


@pytest.mark.slow
async def test_a_file_that_an_editor_moves_away_first_keeps_its_language(
    guard: Guard, settings: Settings, locales: Path
) -> None:
    path = locales / "en" / CATALOG
    text = path.read_text("utf-8")
    async with reloading(guard, settings, locales, read_stamps(locales)):
        path.unlink()
        await asyncio.sleep(0.7)
        assert "/en/" in guard.edition.resources
        path.write_text(text.replace(ENGLISH, OTHER), "utf-8")
        for _ in range(500):
            if OTHER in guard.edition.resources.built("/en/").text:
                break
            await asyncio.sleep(0.01)
        assert OTHER in guard.edition.resources.built("/en/").text
