from dataclasses import dataclass

import numpy as np
import pytest

from blender_addon.definitions.parameter import draw_params, parameter


@dataclass(frozen=True)
class DropParams:
    length: float = parameter(1.0, unit="m", low=0.0, high=2.0, description="a length")
    number: int = parameter(3, unit="count", low=0, high=9, description="a number")
    height: float = parameter(0.5, unit="m", low=0.0, high=1.0, description="a height")


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_a_number_stays_and_a_missing_one_takes_the_default():
    assert draw_params(DropParams, {"length": 0.25}, rng()) == DropParams(length=0.25)


def test_draws_are_the_streams_numbers_in_the_order_of_the_fields():
    u = np.random.default_rng(7).random(3)
    drawn = draw_params(DropParams, {"length": [1.0, 2.0], "number": [2, 5], "height": [0.0, 0.5]}, rng())
    assert drawn.length == 1.0 + u[0]
    assert drawn.number == 2 + int(4 * u[1])
    assert drawn.height == 0.5 * u[2]


def test_fixing_one_parameter_leaves_the_others():
    free = draw_params(DropParams, {"length": [0, 1], "height": [0, 1]}, rng())
    fixed = draw_params(DropParams, {"length": 0.3, "height": [0, 1]}, rng())
    assert fixed.height == free.height


def test_whole_numbers_reach_both_ends_evenly():
    stream = np.random.default_rng(1)
    counts = np.bincount([draw_params(DropParams, {"number": [2, 4]}, stream).number for _ in range(3000)])
    assert counts[:2].sum() == 0
    assert len(counts) == 5
    assert all(abs(count - 1000) < 110 for count in counts[2:])  # 4 standard deviations


@pytest.mark.parametrize("wrong", [{"unit": "mm"}, {"low": 3.0}, {"soft": (0.0, 3.0)}, {"soft": (1.0, 1.0)}])
def test_a_definition_that_contradicts_itself_is_refused(wrong):
    with pytest.raises(ValueError, match=r"mm|outside|inside"):
        parameter(1.0, **{"unit": "m", "low": 0.0, "high": 2.0, "description": "x", **wrong})


@dataclass(frozen=True)
class LogarithmicParams:
    width: float = parameter(1.0, unit="m", low=0.1, high=10.0, description="a width", logarithmic=True)
    lines: int = parameter(1, unit="count", low=1, high=5, description="a number", logarithmic=True)


def test_a_logarithmic_parameter_has_every_factor_equally_often():
    u = np.random.default_rng(7).random(2)
    drawn = draw_params(LogarithmicParams, {"width": [0.1, 10.0], "lines": [1, 5]}, rng())
    assert np.isclose(drawn.width, 10 ** (2 * u[0] - 1))
    stream = np.random.default_rng(1)
    lines = np.bincount([draw_params(LogarithmicParams, {"lines": [1, 5]}, stream).lines for _ in range(3000)])
    assert lines[0] == 0
    assert np.abs(lines[1:] / 3000 - np.log([2, 3 / 2, 4 / 3, 5 / 4, 6 / 5]) / np.log(6)).max() < 0.04


def test_a_logarithmic_parameter_that_may_be_zero_is_refused():
    with pytest.raises(ValueError, match="above 0"):
        parameter(1.0, unit="m", low=0.0, high=2.0, description="x", logarithmic=True)
