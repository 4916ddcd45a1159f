"""Answers on the disk: at once, after a crash, undone, and refused where they belong to something else."""

import json

import pytest

from eval.review_page.answers import FILE, Answer, Answers, read_answer
from training.support.user_error import UserError

CORNERS = ((1.0, 2.0), (5.0, 2.0), (5.0, 6.5))


def test_answers_survive_and_an_undo_takes_the_last_one_back(tmp_path):
    answers = Answers(tmp_path, "abc")
    answers.add(Answer(0, "defect", "dent"))
    answers.add(Answer(1, "nothing"))
    answers.add(Answer(0, "impurity", "stain", (CORNERS,)))
    answers.add(Answer(3, "defect", "dent", (CORNERS,), missed=True))
    again = [json.loads(line) for line in (tmp_path / FILE).read_text().splitlines()]
    assert len(again) == 5  # each answer was on the disk before the next came
    answers.close()
    reopened = Answers(tmp_path, "abc")
    assert reopened.by_item() == {0: Answer(0, "impurity", "stain", (CORNERS,)), 1: Answer(1, "nothing")}
    assert reopened.missed() == [Answer(3, "defect", "dent", (CORNERS,), missed=True)]
    assert reopened.undo() is not None
    assert reopened.undo() == Answer(0, "impurity", "stain", (CORNERS,))
    reopened.close()
    last = Answers(tmp_path, "abc")
    assert last.by_item()[0] == Answer(0, "defect", "dent")
    assert [last.undo(), last.undo(), last.undo()] == [Answer(1, "nothing"), Answer(0, "defect", "dent"), None]
    last.close()


def test_half_a_line_of_a_crash_is_dropped_and_a_damaged_line_is_refused(tmp_path):
    answers = Answers(tmp_path, "abc")
    answers.add(Answer(0, "nothing"))
    answers.close()
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole + b'{"answer": {"item": 1, "verd')
    answers = Answers(tmp_path, "abc")
    assert len(answers) == 1
    answers.add(Answer(2, "nothing"))
    answers.close()
    assert (tmp_path / FILE).read_bytes().startswith(whole)
    assert len((tmp_path / FILE).read_text().splitlines()) == 3
    for damaged in (b'{"answer": {"item": 0}}\n', b'{"undo": true}\n{"undo": true}\n', b"no JSON\n"):
        (tmp_path / FILE).write_bytes(whole + damaged)
        with pytest.raises(UserError, match=r"answers.jsonl, line [34],"):
            Answers(tmp_path, "abc")
        assert (tmp_path / FILE).read_bytes() == whole + damaged


def test_answers_to_other_predictions_and_a_second_process_are_refused(tmp_path):
    answers = Answers(tmp_path, "abc")
    with pytest.raises(UserError, match=r"another review of .* is open"):
        Answers(tmp_path, "abc")
    answers.close()
    with pytest.raises(UserError, match="answers other predictions"):
        Answers(tmp_path, "def")
    Answers(tmp_path, "abc").close()


@pytest.mark.parametrize(
    "document",
    [
        {"item": True, "verdict": "nothing"},
        {"item": 0, "verdict": "good"},
        {"item": 0, "verdict": "defect"},
        {"item": 0, "verdict": "nothing", "class_name": "dent"},
        {"item": 0, "verdict": "defect", "class_name": "dent", "outlines": [[[0, 0], [1, 1]]]},
        {"item": 0, "verdict": "defect", "class_name": "dent", "outlines": []},
        {"item": 0, "verdict": "nothing", "missed": True},
        {"verdict": "nothing"},
        [],
    ],
)
def test_a_malformed_answer_is_refused(document):
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        read_answer(document)
