"""Tests of the report in a browser: keyboard, printing, pictures. Skipped without Chromium."""

import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from omegaconf import OmegaConf
from sklearn.metrics import f1_score, precision_score, recall_score

from eval.page.page import build_report
from eval.runs.run_evaluation import evaluate_run
from eval.runs.run_summary import read_run
from eval.runs.settings import read_settings
from tests.eval.page.chromium import Chromium, find_chromium
from tests.eval.small_plates import HEIGHT, WIDTH, compose_config, train_into, write_dataset
from tests.training.configured import load_anomaly_model
from training.data.dataset import read_image

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory) -> tuple[Path, list[Path]]:
    """Return a dataset and two runs with different coreset sizes, evaluated on it."""
    root = tmp_path_factory.mktemp("report")
    plates = write_dataset(root / "plates", ["train"] * 4 + ["validation"] * 2 + ["test"] * 3, seed=7)
    runs = [train_into(root / name, plates, f"coreset.size={size}") for name, size in (("small", 4), ("large", 40))]
    for run in runs:
        evaluate_run(
            run, read_settings(compose_config("evaluate", ["device=cpu", f"model={run}", f"dataset.root={plates}"]))
        )
    return plates, runs


@pytest.fixture(scope="module")
def report(evaluated, tmp_path_factory) -> Path:
    summaries = [read_run(run, run.name) for run in evaluated[1]]
    return build_report(summaries, [evaluated[0]], tmp_path_factory.mktemp("page"), "Two coresets")


@pytest.fixture
def page(report):
    with Chromium(report) as browser:
        yield browser


def cells(page: Chromium, table: int = 0) -> list[list[str]]:
    """Return the texts of the table's rows, without confidence intervals."""
    script = (
        f"[...document.querySelectorAll('table')[{table}].tBodies[0].rows].map("
        "(row) => [...row.cells].map((cell) => cell.firstChild ? cell.firstChild.textContent : ''))"
    )
    return page.run(script)


def focused(page: Chromium) -> str:
    return page.run("(document.activeElement.id || document.activeElement.className)")


def test_nothing_is_loaded_and_nothing_fails(page):
    requested = [
        event["params"]["request"]["url"] for event in page.events if event["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in requested if not url.startswith("data:")] == [page.run("location.href")]
    failures = [event for event in page.events if event["method"] in ("Runtime.exceptionThrown", "Log.entryAdded")]
    assert failures == []
    assert page.run(
        "[...document.images].filter((image) => image.getAttribute('src')).every((i) => i.naturalWidth > 0)"
    )


def test_the_slider_moves_by_keyboard_and_the_tables_follow(page, evaluated):
    plates, runs = evaluated
    before = cells(page), cells(page, 1)
    page.press("Tab", 2)
    assert focused(page) == "threshold"
    page.press("ArrowLeft", 5)
    factor = 2 ** (-5 / 32)
    rows = cells(page)
    stains = cells(page, 1)
    for run, row, class_row in zip(runs, rows, stains, strict=False):
        model = load_anomaly_model(run, OmegaConf.create({"device": "cpu"}))
        threshold = np.float32(model.threshold * factor)
        names = [f"{number:06d}.png" for number in (6, 7, 8)]
        maps = np.stack([model.anomaly_map(read_image(plates / "images" / name)) for name in names])
        mask = np.stack([cv2.imread(str(plates / "masks" / name), cv2.IMREAD_UNCHANGED) for name in names])
        counted = mask != 255
        truth, predicted = (mask == 4)[counted], (maps >= threshold)[counted]
        assert predicted.any()
        expected = [precision_score(truth, predicted), recall_score(truth, predicted), f1_score(truth, predicted)]
        assert row[1:4] == [f"{100 * value:.1f}" for value in expected]
        found = np.mean([(maps[k] >= threshold)[mask[k] == 4].any() for k in range(3)])
        assert row[4] == f"{100 * found:.1f}"
        assert row[8] == f"{threshold:.4g}"
        assert class_row[5] == f"{100 * (maps >= threshold)[mask == 6].mean():.1f}"
        assert class_row[1] == "–"  # no dent in these images
    assert (rows, stains) != before
    assert "0.897" in page.run("document.getElementById('factor').textContent")
    marks = page.run("[...document.querySelectorAll('circle[data-mark]')].map((mark) => mark.getAttribute('cx'))")
    page.press("Tab")
    page.press("Enter")
    assert focused(page) == "threshold"
    assert (cells(page), cells(page, 1)) == before
    back = page.run("[...document.querySelectorAll('circle[data-mark]')].map((mark) => mark.getAttribute('cx'))")
    assert back != marks


def test_far_up_nothing_is_predicted_and_nothing_is_best(page):
    page.press("Tab", 2)
    page.press("ArrowRight", 64)
    rows = cells(page)
    assert [row[1:5] for row in rows] == [["–", "0.0", "0.0", "0.0"]] * 2
    best = page.run("[...document.querySelectorAll('td.best')].map((cell) => cell.dataset.key)")
    assert not {"pixel_precision", "pixel_recall", "pixel_f1"} & set(best)


def test_tables_sort_by_keyboard(page):
    names = [row[0] for row in cells(page)]
    recalls = [float(row[2]) for row in cells(page)]
    assert names == ["small", "large"]
    assert recalls[0] != recalls[1]
    page.run("document.querySelectorAll('table')[0].querySelectorAll('button.sort')[2].focus()")
    page.press("Enter")
    assert [float(row[2]) for row in cells(page)] == sorted(recalls, reverse=True)
    page.press("Enter")
    assert [float(row[2]) for row in cells(page)] == sorted(recalls)
    assert page.run("document.querySelectorAll('table')[0].querySelectorAll('th')[2].ariaSort") == "ascending"
    page.run("document.querySelectorAll('table')[1].querySelectorAll('button.sort')[0].focus()")
    page.press("Enter")
    assert cells(page, 1)[-1][0] == "Instances"  # the last row stays the last


def test_pictures_open_at_full_resolution_and_close_by_keyboard(page):
    page.run("document.querySelectorAll('button.zoom')[2].focus()")
    page.press("Enter")
    assert page.run("document.getElementById('viewer').open")
    page.wait_for("[...document.querySelectorAll('.stack img')].every((image) => image.complete)")
    sizes = page.run("[...document.querySelectorAll('.stack img')].map((i) => [i.naturalWidth, i.naturalHeight])")
    assert sizes == [[WIDTH, HEIGHT], [WIDTH, HEIGHT]]
    title = "document.querySelector('#viewer strong').textContent"
    first = page.run(title)
    assert first.startswith("000006, small")
    page.press("ArrowRight")
    assert page.run(title).startswith("000006, large")
    page.press("o")
    assert page.run("getComputedStyle(document.querySelectorAll('.stack img')[1]).visibility") == "hidden"
    page.press("f")
    assert not page.run("document.querySelector('.stage').classList.contains('fit')")
    page.press("Escape")
    assert not page.run("document.getElementById('viewer').open")
    assert page.run("document.activeElement === document.querySelectorAll('button.zoom')[2]")


def test_the_page_is_not_blank_and_prints(page, tmp_path):
    picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape[0] > 2000
    assert picture.std() > 20
    printed = page.printed()
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 3
    page.send("Emulation.setEmulatedMedia", media="print")
    assert page.run("getComputedStyle(document.querySelector('.threshold')).display") == "none"
    width = page.run("Math.max(...[...document.querySelectorAll('table')].map((t) => t.scrollWidth))")
    assert width <= page.run("document.querySelector('main').clientWidth")


def test_a_class_name_with_a_colon_or_markup_breaks_nothing(evaluated, tmp_path):
    plates, runs = evaluated
    copy = shutil.copytree(plates, tmp_path / "plates")
    for name in ("dataset.json", "instances.csv"):
        (copy / name).write_text((copy / name).read_text().replace("scratch", "a:b</script><b>"))
    run = shutil.copytree(runs[1], tmp_path / "run")
    evaluate_run(run, read_settings(compose_config("evaluate", ["device=cpu", f"model={run}", f"dataset.root={copy}"])))
    path = build_report([read_run(run, "run:0 </script>")], [], tmp_path / "page", "t")
    with Chromium(path) as page:
        lines = "document.querySelector('polyline[data-line=\"coverage:0:a:b</script><b>\"]').getAttribute('points')"
        before = page.run(lines)
        page.press("Tab", 2)
        page.press("ArrowRight", 40)
        assert page.run(lines) != before
        assert cells(page)[0][0] == "run:0 </script>"
        assert [event for event in page.events if event["method"] == "Runtime.exceptionThrown"] == []
