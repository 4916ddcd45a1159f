"""Times of stages survive a session, and forecast what is left."""

import pytest

from scripts.tables.stage_clock import StageClock, duration
from training.support.user_error import UserError


def test_units_of_a_kind_forecast_the_rest_also_in_a_later_session(tmp_path):
    clock = StageClock(tmp_path)
    assert clock.forecast([("pictures", 10), ("training", 5)]) == "pictures, training: not measured yet"
    clock.add("render a", "pictures", 2, 60.0)
    clock.add("render b", "pictures", 2, 100.0)
    assert clock.seconds_per_unit("pictures") == 40
    later = StageClock(tmp_path)
    assert later.forecast([("pictures", 90)]) == "about 60 min"
    assert later.forecast([("pictures", 900), ("training", 5)]) == "about 10.0 h, and training: not measured yet"
    assert later.forecast([("pictures", 0)]) == "nothing"


def test_a_stage_that_fails_keeps_its_time_but_does_not_count_as_work(tmp_path):
    clock = StageClock(tmp_path)
    with pytest.raises(RuntimeError), clock.stage("render a", "pictures", 5):
        raise RuntimeError
    assert clock.seconds_per_unit("pictures") is None
    with clock.stage("render a", "pictures", 5):
        pass
    assert StageClock(tmp_path).seconds_per_unit("pictures") is not None


def test_two_programs_share_a_folder(tmp_path):
    one, other = StageClock(tmp_path), StageClock(tmp_path)
    one.add("first", "training", 4, 8.0)
    other.add("second", "training", 2, 10.0)
    one.add("first", "training", 2, 6.0)
    assert StageClock(tmp_path).seconds_per_unit("training") == 3.0


def test_a_damaged_file_is_one_line(tmp_path):
    (tmp_path / "times.json").write_text('{"stages": [{"stage": "a"}]}')
    with pytest.raises(UserError, match=r"times\.json cannot be read .*delete it"):
        StageClock(tmp_path)


def test_durations_read_well():
    assert [duration(seconds) for seconds in (12.3, 600, 7200)] == ["12 s", "10 min", "2.0 h"]
