"""The paper's claims (sections V-C, V-D and VI), each as an effect in points that is positive where the claim holds.

An effect is the mean of its parts. The same functions take the paper's values, ours, and ours on resampled plates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

NEAR = 2.0
"""Percentage points of F1 by which melding may lie below the mean of finetuning.

The melding rows of the paper lie above that mean.
"""
VARIANTS = ("", "_da", "_dr", "_dr_da")
_NAMES = {"synth": "Synth", "synth_ws": "Synth_WS"}
_TUNED = {"": "", "_ft": " (ft)"}

Value = Callable[[str, str], Any]
"""(experiment, column of the paper's tables) -> percent, a number or an array over resamples."""


@dataclass(frozen=True)
class Part:
    """One comparison of rows: its name, and its effect in points."""

    name: str
    effect: Callable[[Value], Any]


@dataclass(frozen=True)
class Claim:
    """A claim of the paper, with the measure that decides it."""

    key: str
    statement: str
    measure: str
    """The effect in words; its sign is that of the claim."""
    parts: tuple[Part, ...]
    margin: float = 0.0
    """The claim holds if the effect lies above minus this margin, in points."""

    def effect(self, value: Value) -> Any:
        """Return the mean effect of the parts, in points."""
        return sum(part.effect(value) for part in self.parts) / len(self.parts)


def _difference(name: str, higher: str, lower: str, column: str) -> Part:
    return Part(name, lambda value: value(higher, column) - value(lower, column))


def _stained(key: str, statement: str, measure: str, column: str) -> Claim:
    """Return the claim that stained plates lower a recall of table I, before and after finetuning."""
    parts = [
        _difference(f"Synth{name} → Synth_WS{name}", f"synth{tuned}", f"synth_ws{tuned}", column)
        for tuned, name in _TUNED.items()
    ]
    return Claim(key, statement, measure, tuple(parts))


def _finetuned(key: str, statement: str, measure: str, column: str) -> Claim:
    parts = [
        _difference(f"{_NAMES[plates]}{variant.upper()}", f"{plates}{variant}_ft", f"{plates}{variant}", column)
        for plates in _NAMES
        for variant in VARIANTS
    ]
    return Claim(key, statement, measure, tuple(parts))


def _against_plain(key: str, statement: str, variant: str) -> Claim:
    measure = f"F_1,PX with {variant.strip('_').upper()} minus without"
    parts = [
        _difference(f"{name} → {name}{variant.upper()}", f"{plates}{variant}", plates, "pixel_f1")
        for plates, name in _NAMES.items()
    ]
    return Claim(key, statement, measure, tuple(parts))


def _melded(melding: str, plates: str) -> Callable[[Value], Any]:
    def effect(value: Value) -> Any:
        tuned = [value(f"{plates}{variant}_ft", "pixel_f1") for variant in VARIANTS]
        return value(melding, "pixel_f1") - sum(tuned) / len(tuned)

    return effect


CLAIMS: tuple[Claim, ...] = (
    _stained(
        "stains_pixels",
        "Training on stained plates lowers the predicted share of stains",
        "R_PX of stains, clean minus stained plates",
        "water_stain.pixel_recall",
    ),
    _stained(
        "stains_instances",
        "Training on stained plates lowers the number of stains found",
        "R_DW of stains, clean minus stained plates",
        "water_stain.defect_wise_recall",
    ),
    Claim(
        "domain_gap",
        "Real plates do better than synthetic ones: there is a gap between the domains",
        "F_1,PX, row Real minus row Synth",
        (_difference("Synth → Real", "real", "synth", "pixel_f1"),),
    ),
    _finetuned(
        "finetuning_precision",
        "Finetuning raises precision",
        "P_PX, finetuned minus not, mean of eight rows",
        "pixel_precision",
    ),
    _finetuned("finetuning_f1", "Finetuning raises F1", "F_1,PX, finetuned minus not, mean of eight rows", "pixel_f1"),
    Claim(
        "melding",
        f"Melding comes near finetuning (F1 at most {NEAR:g} points below the mean)",
        "F_1,PX, melding minus the mean of the four finetuned rows",
        (Part("Melding", _melded("melding", "synth")), Part("Melding_WS", _melded("melding_ws", "synth_ws"))),
        NEAR,
    ),
    _against_plain("randomisation", "Domain randomisation (DR) raises F1", "_dr"),
    _against_plain("augmentation", "Augmentation (DA) raises F1", "_da"),
    Claim(
        "augmentation_beats_randomisation",
        "Augmentation (DA) does better than domain randomisation (DR)",
        "F_1,PX with DA minus with DR",
        tuple(
            _difference(f"{name}_DR → {name}_DA", f"{row}_da", f"{row}_dr", "pixel_f1") for row, name in _NAMES.items()
        ),
    ),
    _stained(
        "dents_pixels",
        "Training on stained plates costs dents: their predicted share falls",
        "R_PX of dents, clean minus stained plates",
        "dent.pixel_recall",
    ),
    _stained(
        "dents_instances",
        "Training on stained plates costs dents: fewer are found",
        "R_DW of dents, clean minus stained plates",
        "dent.defect_wise_recall",
    ),
)
