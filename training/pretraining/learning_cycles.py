"""Cycles of a training: in each, the learning rate rises and falls to 0, and the optimiser is reset at the start."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class CycleSettings:
    """Number of steps (> 0), the highest learning rate, and the share of sound patches that count."""

    steps: int
    learning_rate: float
    hardest: float


@dataclass(frozen=True)
class Cycle:
    """Steps ``begin`` to ``end``, the highest learning rate, and the share of sound patches that count."""

    begin: int
    end: int
    learning_rate: float
    hardest: float

    def rate(self, step: int, warmup: int) -> float:
        """Return a step's learning rate: a linear rise over ``warmup`` steps times half a cosine down to 0 over all."""
        place = step - self.begin
        rise = min(1.0, (place + 1) / max(1, warmup))
        return self.learning_rate * (rise * 0.5 * (1 + math.cos(math.pi * place / (self.end - self.begin))))


def planned(cycles: Iterable[CycleSettings]) -> list[Cycle]:
    """Return consecutive cycles with these settings."""
    result: list[Cycle] = []
    for settings in cycles:
        begin = result[-1].end if result else 0
        result.append(Cycle(begin, begin + settings.steps, settings.learning_rate, settings.hardest))
    return result
