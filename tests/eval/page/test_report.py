import base64
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from eval.metrics.record import ClassMetrics
from eval.page.page import build_report
from eval.page.pictures import FullSizePictures, worst_pictures
from eval.page.suspects import suspects_of
from eval.page.tables import SCENARIO_COLUMNS, class_columns, class_rows, percent, scenario_rows
from eval.report import main
from eval.runs.run_evaluation import evaluate_run
from eval.runs.run_summary import RunSummary, read_run
from tests.eval.small_results import class_metrics, small_results
from training.support.user_error import UserError


@pytest.fixture
def evaluated(run_folder, plates, evaluate_settings) -> Path:
    evaluate_run(run_folder, evaluate_settings(f"model={run_folder}", f"dataset.root={plates}"))
    return run_folder


class Page(HTMLParser):
    """Parsed report: its texts, its embedded pictures, its tags, and the URLs that it would load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.images: list[str] = []
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "data", "srcset"):
                (self.images if (value or "").startswith("data:") else self.loaded).append(value or "")

    def handle_data(self, data):
        if data.strip():
            self.text.append(data.strip())


def summary(name: str, classes: tuple[ClassMetrics, ...] = (), **changed) -> RunSummary:
    values = {**{column.key: 0.5 for column in SCENARIO_COLUMNS}, **changed}
    return RunSummary(name, Path(name), small_results(values, classes), {}, {})


def test_the_tables_show_percent_a_dash_for_not_measured_and_the_best_of_each_column():
    runs = [summary("Real", pixel_precision=0.4321, image_auroc=None), summary("Synth", pixel_precision=0.2)]
    first, second = scenario_rows(runs)
    assert [cell.text for cell in first.cells] == ["43.2", "50.0", "50.0", "50.0", "–", "50.0", "50.0", "2.754"]
    assert [cell.best for cell in first.cells] == [True] + [False] * 7
    assert not any(cell.best for cell in second.cells)
    assert percent(0.0) == "0.0"
    assert [cell.interval for cell in first.cells] == ["", "", "40.0 to 62.5", "", "", "", "", ""]


def test_the_lowest_recall_of_an_impurity_is_best_and_a_class_not_measured_is_a_dash():
    runs = [
        summary("a", (class_metrics("stain", "impurity", 0.3, 0.8, 5), class_metrics("dent", "defect", 0.9, 1.0, 2))),
        summary("b", (class_metrics("stain", "impurity", 0.1, 0.9, 5), class_metrics("dent", "defect", None, None, 0))),
    ]
    classes = class_columns(runs)
    assert [(c.name, c.instances) for c in classes] == [("dent", None), ("stain", 5)]
    first, second = class_rows(runs, classes)
    assert [cell.text for cell in first.cells] == ["90.0", "100.0", "30.0", "80.0"]
    assert [cell.best for cell in first.cells] == [False, False, False, True]
    assert [cell.text for cell in second.cells] == ["–", "–", "10.0", "90.0"]
    assert [cell.best for cell in second.cells] == [False, False, True, False]


def test_the_report_is_one_file_that_loads_nothing_and_shows_the_tables_and_pictures(evaluated, plates, tmp_path):
    run = read_run(evaluated, "Clean plates")
    path = build_report([run], [plates], tmp_path / "report", "A title")
    html = path.read_text("utf-8")
    page = Page(html)
    assert [p.name for p in path.parent.iterdir()] == ["index.html"]
    assert page.loaded == ["#scenarios"]
    assert not {"link", "iframe"} & set(page.tags)
    assert page.tags.count("script") == 2
    assert "default-src 'none'" in html
    assert "url(" not in html
    assert "@import" not in html
    text = " ".join(page.text)
    for cell in scenario_rows([run])[0].cells:
        assert cell.text in page.text
    distance = f"{run.training['coreset']['smallest_distance']:.5g}"
    for expected in (
        "A title",
        "Clean plates",
        "scratch",
        "water_stain",
        "small plates",
        distance,
        "coreset.seed 0",
        "torch",
    ):
        assert expected in text
    pictures = [decoded(source) for source in page.images]
    # Picture, truth and overlay of three test images; images and masks of the gallery; largest errors; suspects.
    worst_tiles = [tile for _, tiles in worst_pictures(run, {}, 2, FullSizePictures()) for tile in tiles]
    assert len(worst_tiles) > 3
    ((_, suspects),) = suspects_of([run])
    assert len(pictures) == 3 * 3 + 2 * 3 + len(worst_tiles) + len(suspects)
    assert all(picture is not None for picture in pictures)


def decoded(source: str) -> np.ndarray | None:
    kind, content = re.fullmatch(r"data:image/(png|jpeg);base64,(.*)", source).groups()
    assert kind in ("png", "jpeg")
    return cv2.imdecode(np.frombuffer(base64.b64decode(content, validate=True), np.uint8), cv2.IMREAD_COLOR)


def test_the_gallerys_mask_has_the_classes_colours(evaluated, plates, tmp_path):
    html = build_report([read_run(evaluated)], [plates], tmp_path, "t").read_text("utf-8")
    mask = cv2.cvtColor(decoded(Page(html).images[-1]), cv2.COLOR_BGR2RGB)
    assert mask[35, 40].tolist() == [255, 0, 0]
    assert mask[55, 55].tolist() == [0, 0, 255]
    assert mask[35, 2].tolist() == [128, 128, 128]
    assert "#ff0000" in html


def test_suspects_are_shown_with_the_places_that_speak_against_them(evaluated, tmp_path):
    picture = np.full((40, 60, 3), 90, np.uint8)
    assert cv2.imwrite(str(tmp_path / "a.png"), picture)
    (evaluated / "suspects.csv").write_text(
        "rank,sample_id,image,leave_one_out,lone_share,lone_members,members,places\n"
        f"1,a<b,{tmp_path / 'a.png'},3.25,0.5,4,8,20.0,\n".replace("20.0,\n", '"20.0,15.0"\n')
        + f"2,gone,{tmp_path / 'gone.png'},2.5,0,0,3,\n"
    )
    (name, (first, second)), *rest = suspects_of([read_run(evaluated)])
    assert not rest
    assert name == evaluated.name
    assert first.caption == "1. a<b: leave-one-out score 3.25, 4 of 8 members serve this image only"
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(first.picture.split(",")[1]), np.uint8), cv2.IMREAD_COLOR)
    red = shown[..., 2].astype(int) - shown[..., 0]
    y, x = np.nonzero(red > 60)
    assert (abs(x.mean() - 20), abs(y.mean() - 15)) < (1.5, 1.5)
    assert second.picture is None
    html = build_report([read_run(evaluated)], [], tmp_path / "report", "t").read_text("utf-8")
    assert "a&lt;b" in html
    assert "The image is no longer there." in html


def test_names_and_warnings_from_files_cannot_become_markup(evaluated, tmp_path):
    run = read_run(evaluated, "<script>alert(1)</script>")
    run.results.model.warnings.append("weights are <b>random</b>")
    html = build_report([run], [], tmp_path, "<i>title</i>").read_text("utf-8")
    assert html.count("<script") == 2
    assert "alert(1)</script" not in html
    assert "<b>" not in html
    assert "<i>" not in html
    assert "weights are &lt;b&gt;random&lt;/b&gt;" in html
    assert "Warnings about these runs" in html


def test_without_warnings_there_is_no_warning_box(evaluated, tmp_path):
    run = read_run(evaluated)
    run.results.model.warnings.clear()
    run.training.pop("warnings", None)
    assert "Warnings about" not in build_report([run], [], tmp_path, "t").read_text("utf-8")


def test_two_scenarios_are_compared_on_the_same_images(evaluated, tmp_path):
    runs = [read_run(evaluated, "first"), read_run(evaluated, "second")]
    page = Page(build_report(runs, [], tmp_path, "t").read_text("utf-8"))
    assert page.text.count("000006") >= 1
    assert page.tags.count("figure") >= 3 * 4


def test_the_command_writes_the_report_and_prints_its_path(evaluated, plates, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "eval.report", str(evaluated), "--out", str(tmp_path / "r"), "--datasets", str(plates)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[3],
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith(f"written to {tmp_path / 'r' / 'index.html'}")
    assert (tmp_path / "r" / "index.html").is_file()


def error_line(capsys, *arguments: object) -> str:
    assert main([str(argument) for argument in arguments]) == 2
    message = capsys.readouterr().err.strip()
    assert message.startswith("error: ")
    assert "\n" not in message
    return message


def test_bad_input_is_reported_in_one_line(evaluated, run_original, plates, tmp_path, capsys):
    out = tmp_path / "report"
    assert "there is no run folder" in error_line(capsys, tmp_path / "none", "--out", out)
    assert "not evaluated yet" in error_line(capsys, run_original, "--out", out)
    assert "one for every run" in error_line(capsys, evaluated, "--out", out, "--names", "a", "b")
    assert "a name of its own" in error_line(capsys, evaluated, evaluated, "--out", out)
    assert "no dataset" in error_line(capsys, evaluated, "--out", out, "--datasets", tmp_path / "none")
    record = evaluated / "training.json"
    before = record.read_text("utf-8")
    record.write_text(before.replace('"size": 40', '"size": 41'))
    assert "trained again since it was evaluated" in error_line(capsys, evaluated, "--out", out)
    record.write_text(before)
    picture = next((evaluated / "evaluation" / "pictures" / "parts").glob("*_overlay.png"))
    picture.unlink()
    assert picture.name in error_line(capsys, evaluated, "--out", out)
    assert not out.exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [('"version": 2', '"version": 99'), ('"pixel_auroc": 0.', '"pixel_auroc": 7.'), ("{", "<"), ("pictures/0", "../0")],
)
def test_changed_results_files_are_refused(old, new, evaluated):
    path = evaluated / "evaluation" / "results.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(UserError, match=r"results\.json"):
        read_run(evaluated)
