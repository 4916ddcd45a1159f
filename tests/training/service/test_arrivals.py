"""Files on their way, and the journal of what was judged."""

import json
import os

import pytest

from training.service.arrivals import Arrivals, Stamp, oldest_first, stamp_of
from training.service.watch_journal import WatchJournal
from training.support.user_error import UserError


def test_a_file_is_complete_when_it_has_not_changed_for_the_settling_time(tmp_path):
    arrivals, path = Arrivals(1.0), tmp_path / "a.png"
    path.write_bytes(b"1")
    arrivals.see(path, 0.0)
    assert arrivals.wait(0.25) == pytest.approx(0.75)
    assert arrivals.take(0.9) is None
    path.write_bytes(b"12")
    assert arrivals.take(1.0) is None  # changed: a settling time more
    arrivals.see(path, 1.5)  # seen again: keeps its place
    assert arrivals.take(1.9) is None
    assert arrivals.take(2.0) == path
    assert arrivals.take(9.0) is None
    assert len(arrivals) == 0


def test_a_renamed_file_is_complete_at_once_and_taken_once_and_one_that_is_gone_never(tmp_path):
    arrivals, path = Arrivals(1.0), tmp_path / "a.png"
    path.write_bytes(b"1")
    arrivals.see(path, 0.0)
    arrivals.see(path, 0.5, renamed=True)
    assert arrivals.take(0.5) == path
    assert arrivals.take(5.0) is None
    arrivals.see(path, 6.0)
    path.unlink()
    assert arrivals.take(7.0) is None
    assert len(arrivals) == 0
    arrivals.see(path, 8.0)
    assert len(arrivals) == 0
    assert stamp_of(path) is None


def test_waiting_files_come_the_oldest_first(tmp_path):
    for number, name in enumerate("cab"):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, ns=(0, number))
    assert [path.name for path in oldest_first([*sorted(tmp_path.iterdir()), tmp_path / "gone"])] == ["c", "a", "b"]


JOB = {"model": {"a": 1}, "threshold": 2.0}


def line(name, size, **more):
    fields = {"decision": "nominal", "error": "", "statistics": {"score": size}, "drift": {"state": "steady"}}
    return {"image": name, "file": [size, 7], **fields, **more}


def test_the_journal_survives_half_a_line_and_the_table_is_made_from_it(tmp_path):
    journal = WatchJournal(tmp_path, JOB, {}, window=2)
    for number in range(3):
        journal.add(line(f"{number}.png", number))
    with (tmp_path / "results.jsonl").open("ab") as file:
        file.write(b'{"number": 4, "image": "3.p')
    (tmp_path / "results.csv").write_text("number,image\n1,half a ta")
    again = WatchJournal(tmp_path, JOB, {}, window=2)
    assert [again.holds(f"{number}.png", Stamp(number, 7)) for number in range(4)] == [True, True, True, False]
    assert not again.holds("1.png", Stamp(1, 8))
    assert list(again.last_statistics) == [{"score": 1}, {"score": 2}]
    again.add(line("3.png", 3, decision="anomalous"))
    assert (again.count, again.anomalous, again.broken) == (4, 1, 0)
    numbers = [json.loads(text)["number"] for text in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert numbers == [1, 2, 3, 4]
    assert [text.split(",")[0] for text in (tmp_path / "results.csv").read_text().splitlines()] == [
        "number", "1", "2", "3", "4"
    ]  # fmt: skip


def test_results_of_another_model_and_damage_are_refused_and_left_as_they_are(tmp_path):
    journal = WatchJournal(tmp_path, JOB, {}, window=2)
    journal.add(line("a.png", 1))
    content = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(UserError, match="results with another threshold; choose another output"):
        WatchJournal(tmp_path, {**JOB, "threshold": 3.0}, {}, window=2)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == content
    path = tmp_path / "results.jsonl"
    path.write_bytes(b"damaged\n" + path.read_bytes())
    with pytest.raises(UserError, match=r"results.jsonl, line 1 is damaged"):
        WatchJournal(tmp_path, JOB, {}, window=2)
    (tmp_path / "watch.json").unlink()
    with pytest.raises(UserError, match=r"is there without watch\.json"):
        WatchJournal(tmp_path, JOB, {}, window=2)
