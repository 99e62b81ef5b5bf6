"""An edition is printed when it is wanted; but a fault shows itself at the start."""

import shutil
import threading
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from portal.settings import DATA, Settings
from portal.web import edition
from portal.web.edition import build
from portal.web.public.pages import PAGES


@pytest.mark.parametrize("template", sorted({page.template for page in PAGES} | {"error.html"}))
def test_a_fault_in_any_template_stops_the_start(
    template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(DATA / "templates", tmp_path / "templates")
    (tmp_path / "static").symlink_to(DATA / "static")
    path = tmp_path / "templates" / "public" / template
    path.write_text(path.read_text("utf-8").replace("{% endblock %}", "{{ nobody }}{% endblock %}"))
    monkeypatch.setattr(edition, "DATA", tmp_path)
    with pytest.raises(UndefinedError, match="nobody"):
        build(Settings())


def test_a_start_prints_a_page_of_each_template_and_leaves_the_rest_for_later() -> None:
    new = build(Settings())
    assert {"/sv/", "/sv/kontakt"} <= new.resources.printed.keys()
    assert not [address for address in new.resources.printed if address.startswith("/ar/")]
    new.compress_ahead()
    assert new.resources.printed.keys() == {*new.resources}


def test_packing_stops_when_nobody_wants_it_any_more() -> None:
    new = build(Settings())
    before = len(new.resources.printed)
    new.compress_ahead(lambda: False)
    assert len(new.resources.printed) == before


def test_coverage_is_right_while_pages_are_printed_beside_it() -> None:
    """What a page shows is found by rendering; another thread that renders must not mix in."""
    alone, beside = build(Settings()), build(Settings())
    printing = threading.Thread(target=beside.compress_ahead)
    printing.start()
    found = {key: beside.coverage[key] for page in PAGES for key in [("en", page.slug)]}
    printing.join()
    assert found == {key: alone.coverage[key] for key in found}
