"""A page is built when it is first requested; a fault in a template stops the start."""

import shutil
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from portal.i18n import templates
from portal.settings import DATA, Settings
from portal.web.edition import build
from portal.web.public.pages import PAGES


@pytest.mark.slow
@pytest.mark.parametrize("template", sorted({page.template for page in PAGES} | {"error.html"}))
def test_a_fault_in_any_template_stops_the_start(
    template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(DATA / "templates", tmp_path / "templates")
    path = tmp_path / "templates" / "public" / template
    path.write_text(path.read_text("utf-8").replace("{% endblock %}", "{{ nobody }}{% endblock %}"))
    monkeypatch.setattr(templates, "DATA", tmp_path)
    with pytest.raises(UndefinedError, match="nobody"):
        build(Settings())


@pytest.mark.slow
def test_nothing_is_compressed_before_compress_ahead() -> None:
    new = build(Settings())
    assert new.resources.compressed() == {}
    new.compress_ahead()
    etags = {new.resources.built(address).etag for address in new.resources} - {""}
    assert new.resources.compressed().keys() == etags


def test_compress_ahead_stops_when_it_is_asked_to() -> None:
    new = build(Settings())
    turns = iter([True, True, False])
    new.compress_ahead(lambda: next(turns))
    assert len(new.resources.compressed()) == 2
