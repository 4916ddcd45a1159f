"""The parameters that a search varies: Hydra's sweep overrides as Optuna's distributions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep, Transformer

from training.support.user_error import UserError

if TYPE_CHECKING:  # optuna is an extra, and Hydra imports this module at every start
    from optuna.distributions import BaseDistribution


def read_search_space(
    overrides: Sequence[str], parser: OverridesParser
) -> tuple[dict[str, "BaseDistribution"], list[str]]:
    """Return the distributions by setting, and the overrides that are fixed. Raises UserError if nothing is varied."""
    space, fixed = {}, []
    for override in parser.parse_overrides([*overrides]):
        if override.is_sweep_override():
            space[override.get_key_element()] = _distribution(override)
        else:
            fixed.append(f"{override.get_key_element()}={override.get_value_element_as_str()}")
    if not space:
        raise UserError(
            "nothing to search: give sweeps (coreset.size=512,1024 or 'anomaly_map.blur_sigma=interval(0.5,4)'), "
            "or search=patches"
        )
    return space, fixed


def as_override(setting: str, value: Any) -> str:
    """Return the override that sets a drawn value; texts are in Hydra's notation already."""
    return f"{setting}={value if isinstance(value, str) else repr(value)}"


def _distribution(override: Override) -> "BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    value = override.value()
    is_log = "log" in getattr(value, "tags", ())
    if isinstance(value, IntervalSweep):
        start, end = value.start, value.end
        assert start is not None
        assert end is not None
        if not start < end:
            raise UserError(f"{override.input_line}: an interval goes from a lower to a higher number")
        if isinstance(start, int) and isinstance(end, int):
            return IntDistribution(start, end, log=is_log)
        return FloatDistribution(float(start), float(end), log=is_log)
    if isinstance(value, RangeSweep) and all(isinstance(part, int) for part in (value.start, value.stop, value.step)):
        numbers = range(int(value.start or 0), int(value.stop or 0), int(value.step))
        if not numbers or numbers.step < 0:
            raise UserError(f"{override.input_line}: a range goes from a lower to a higher number")
        return IntDistribution(numbers[0], numbers[-1], step=numbers.step)
    return CategoricalDistribution([str(choice) for choice in override.sweep_iterator(Transformer.encode)])
