"""Alerts and dashboards ask for figures that there are, and alerts are raised when they should."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal import metrics
from portal.settings import CHECKOUT
from portal.web.health import LATE_SECONDS

DEPLOY = CHECKOUT / "deploy"
OF_A_HISTOGRAM = re.compile(r"_(bucket|sum|count)$")


def alerts() -> list[Any]:
    content = yaml.safe_load((DEPLOY / "alerts.yaml").read_text("utf-8"))
    return [rule for group in content["groups"] for rule in group["rules"]]


def panels() -> list[Any]:
    content = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))
    return list(content["panels"])


def queries() -> list[str]:
    """Everything that Prometheus is asked for."""
    shown = [target["expr"] for panel in panels() for target in panel["targets"]]
    return shown + [rule["expr"] for rule in alerts()]


def test_every_figure_that_is_asked_for_is_served_with_its_labels() -> None:
    for query in queries():
        for name, selector in re.findall(r"(portal_\w+)(?:\{([^}]*)\})?", query):
            metric = metrics.METRICS[OF_A_HISTOGRAM.sub("", name)]
            labels = {*re.findall(r"(\w+)!?=", selector)} - {"job"}
            assert labels <= {*metric.labels}, query


def test_every_figure_is_asked_for() -> None:
    names = {OF_A_HISTOGRAM.sub("", name) for name in re.findall(r"portal_\w+", "".join(queries()))}
    assert {*metrics.METRICS} - names == set()


def test_every_alert_says_what_to_do_and_is_explained_to_operators() -> None:
    page = (CHECKOUT / "docs/operating.md").read_text("utf-8")
    for rule in alerts():
        assert rule["annotations"].keys() == {"summary", "action"}
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert f"`{rule['alert']}`" in page, rule["alert"]


def test_letters_are_late_for_an_alert_when_they_are_late_for_readyz() -> None:
    (late,) = [rule["expr"] for rule in alerts() if rule["alert"] == "PortalLettersWait"]
    assert late.endswith(f" > {LATE_SECONDS}")


def test_no_two_panels_lie_on_each_other() -> None:
    places = [panel["gridPos"] for panel in panels()]
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert all(panel["title"] and panel["description"] for panel in panels())


@pytest.mark.needs("promtool")
def test_prometheus_understands_every_query(tmp_path: Path) -> None:
    rules = [{"record": f"query_{i}", "expr": query} for i, query in enumerate(queries())]
    path = tmp_path / "queries.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    for file in (path, DEPLOY / "alerts.yaml"):
        subprocess.run(["promtool", "check", "rules", str(file)], check=True, capture_output=True)


@pytest.mark.needs("promtool")
def test_an_alert_is_raised_when_it_should_be_and_only_then(tmp_path: Path) -> None:
    """tests/vectors/alerts.yaml says what happens, and what is to be raised."""
    shutil.copy(DEPLOY / "alerts.yaml", tmp_path)
    shutil.copy(CHECKOUT / "tests/vectors/alerts.yaml", tmp_path / "test.yaml")
    command = ["promtool", "test", "rules", str(tmp_path / "test.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("promtool")
def test_prometheus_accepts_its_example() -> None:
    path = DEPLOY / "prometheus.yaml"
    command = ["promtool", "check", "config", "--syntax-only", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    assert (DEPLOY / yaml.safe_load(path.read_text())["rule_files"][0]).exists()
