"""The review page in a real Chromium: by keyboard alone, by mouse, and with 5,000 pictures."""

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import psutil
import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from eval.review_page.answers import FILE
from tests.eval.review_page.review_browser import CHROMIUM, DRIVER, browser, served
from training.prediction.coco import annotation

pytestmark = [
    pytest.mark.ui,
    pytest.mark.skipif(CHROMIUM is None or DRIVER is None, reason="no Chromium with chromedriver on this machine"),
]
PICTURES = 5000
FIRST_PAGE_SECONDS = 20.0  # CPU seconds of the server from its start to the first page; measured: see docs/review.md


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chrome]:
    with browser() as driver:
        yield driver


def text(page: Chrome, name: str) -> str:
    return page.find_element(By.ID, name).text


def wait_until(page: Chrome, name: str, wanted: str) -> None:
    WebDriverWait(page, 60).until(lambda _: wanted in text(page, name), f"{name}: {wanted}")


def press(page: Chrome, *keys: str) -> None:
    for key in keys:
        ActionChains(page).send_keys(key).perform()


def answers(folder: Path) -> list[dict]:
    lines = [json.loads(line) for line in (folder / "review" / FILE).read_text().splitlines()]
    return [line.get("answer", line) for line in lines[1:]]


def points(page: Chrome) -> list[tuple[float, float]]:
    circles = "[...document.querySelectorAll('#picture circle')]"
    script = f"return {circles}.map((c) => [+c.getAttribute('cx'), +c.getAttribute('cy')])"
    return [(x, y) for x, y in page.execute_script(script)]


def chosen(page: Chrome) -> tuple[float, float]:
    circle = page.find_element(By.CSS_SELECTOR, "#picture circle.chosen")
    return float(circle.get_attribute("cx") or 0), float(circle.get_attribute("cy") or 0)


def test_a_review_by_keyboard_alone(run_original, found, chromium):
    with served(run_original, found) as (_, address):
        chromium.get(address)
        wait_until(chromium, "counts", "0 of 9 answered")
        wait_until(chromium, "caption", "item 1")
        press(chromium, "d")  # the first class of defects
        wait_until(chromium, "caption", "item 2")
        press(chromium, "2")  # the second class: scratch
        wait_until(chromium, "caption", "item 3")
        press(chromium, "i")
        wait_until(chromium, "caption", "item 4")
        press(chromium, "n")
        wait_until(chromium, "counts", "4 of 9 answered")
        given = [(a["item"], a["verdict"], a["class_name"]) for a in answers(found)]
        assert given == [
            (0, "defect", "dent"),
            (1, "defect", "scratch"),
            (2, "impurity", "water_stain"),
            (3, "nothing", None),
        ]
        press(chromium, "u")
        wait_until(chromium, "counts", "3 of 9 answered")
        wait_until(chromium, "caption", "item 4")
        assert answers(found)[-1] == {"undo": True}
        press(chromium, Keys.ARROW_RIGHT)
        wait_until(chromium, "caption", "item 5")
        press(chromium, "e")
        before = points(chromium)
        press(chromium, Keys.TAB, Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
        ActionChains(chromium).key_down(Keys.SHIFT).send_keys(Keys.ARROW_RIGHT).key_up(Keys.SHIFT).perform()
        assert chosen(chromium) == (before[1][0] + 11, before[1][1] + 1)
        press(chromium, "a")
        assert len(points(chromium)) == len(before) + 1
        press(chromium, "x", "x")
        assert len(points(chromium)) == len(before) - 1
        press(chromium, Keys.ESCAPE)
        assert not points(chromium)
        press(chromium, "e", Keys.TAB, Keys.TAB, Keys.ARROW_UP, Keys.ENTER)
        wait_until(chromium, "message", "Now answer")
        press(chromium, "d")
        wait_until(chromium, "counts", "4 of 9 answered")
        last = answers(found)[-1]
        moved = [list(point) for point in before]
        moved[2][1] -= 1
        assert (last["item"], last["outlines"]) == (4, [moved])
        press(chromium, "m", Keys.TAB, Keys.ARROW_RIGHT, Keys.ENTER)
        wait_until(chromium, "counts", "1 missed defects")
        assert answers(found)[-1]["missed"]
        press(chromium, "o")  # the next without an answer is the one that was undone
        wait_until(chromium, "caption", "item 7")
        export = chromium.find_element(By.ID, "export-dataset")
        chromium.execute_script("document.activeElement.blur()")
        while chromium.switch_to.active_element != export:
            press(chromium, Keys.TAB)
        press(chromium, Keys.ENTER)
        wait_until(chromium, "message", "pictures written to")
        assert (found / "review" / "dataset" / "dataset.json").is_file()


def test_a_review_by_mouse_and_nothing_wrong_in_the_browser_s_log(run_original, found, chromium):
    with served(run_original, found) as (_, address):
        chromium.get(address)
        wait_until(chromium, "caption", "item 1")
        chromium.find_element(By.ID, "edit").click()
        before = points(chromium)
        circles = chromium.find_elements(By.CSS_SELECTOR, "#picture circle")
        scale = chromium.execute_script("return document.getElementById('picture').getScreenCTM().a")
        ActionChains(chromium).drag_and_drop_by_offset(circles[1], 30, -20).perform()
        x, y = points(chromium)[1]
        assert (x - before[1][0], y - before[1][1]) == pytest.approx((30 / scale, -20 / scale), abs=1.5)
        circles = chromium.find_elements(By.CSS_SELECTOR, "#picture circle")
        ActionChains(chromium).double_click(circles[2]).perform()
        assert len(points(chromium)) == len(before) - 1
        press(chromium, Keys.ENTER)
        chromium.find_element(By.ID, "impurity").click()
        wait_until(chromium, "counts", "1 of 9 answered")
        assert len(answers(found)[0]["outlines"][0]) == len(before) - 1
        chromium.find_elements(By.CSS_SELECTOR, "#list li")[7].click()
        wait_until(chromium, "caption", "item 8")
        chromium.find_element(By.ID, "undo").click()
        wait_until(chromium, "counts", "0 of 9 answered")
        log = [entry for entry in chromium.get_log("browser") if "eval" not in entry["message"]]
        assert log == []


def test_five_thousand_pictures_are_shown_page_by_page(run_original, tmp_path, chromium):
    folder, rng = tmp_path / "many", np.random.default_rng(1)
    images, findings, rows = [], [], []
    for number in range(PICTURES):
        name = f"{number:05d}.png"
        picture = rng.integers(80, 120, (64, 64), dtype=np.uint8)
        pixels = np.zeros((64, 64), dtype=np.bool_)
        top, left = rng.integers(4, 50, 2)
        pixels[top : top + 8, left : left + 8] = True
        picture[pixels] = 250
        (tmp_path / "in").mkdir(exist_ok=True)
        assert cv2.imwrite(str(tmp_path / "in" / name), picture)
        images.append({"id": number + 1, "file_name": name, "width": 64, "height": 64})
        findings.append({**annotation(number + 1, number + 1, 1, pixels), "score": 10 + float(rng.random())})
        rows.append(
            {"image": tmp_path / "in" / name, "score": 11, "threshold": 10, "mask": f"masks/{name}.png", "error": ""}
        )
    folder.mkdir()
    (folder / "findings.json").write_text(json.dumps({"images": images, "annotations": findings}))
    pd.DataFrame(rows).to_csv(folder / "predictions.csv", index=False)
    with served(run_original, folder) as (process, address):
        chromium.get(address)
        wait_until(chromium, "caption", "item 1")
        wait_until(chromium, "page", f"1–40 of {PICTURES}")
        times = psutil.Process(process.pid).cpu_times()
        seconds = times.user + times.system
        print(f"first page of {PICTURES} pictures: {seconds:.1f} CPU seconds of the server, with its start")
        assert seconds < FIRST_PAGE_SECONDS
        assert len(chromium.find_elements(By.CSS_SELECTOR, "#list li")) == 40
        shown = chromium.execute_script(
            "return performance.getEntriesByType('resource').filter((r) => r.name.includes('/thumbnails/')).length"
        )
        assert shown <= 41  # pictures outside the page are not asked for
        chromium.find_element(By.ID, "page-on").click()
        wait_until(chromium, "page", f"41–80 of {PICTURES}")
        wait_until(chromium, "caption", "item 41")
        start = psutil.Process(process.pid).cpu_times()
        for number in range(10):
            press(chromium, "n")
            wait_until(chromium, "caption", f"item {42 + number}")
        after = psutil.Process(process.pid).cpu_times()
        each = (after.user + after.system - start.user - start.system) / 10
        print(f"one answer among {PICTURES}: {1000 * each:.0f} CPU milliseconds of the server")
        assert each < 0.5
        assert len(answers(folder)) == 10
