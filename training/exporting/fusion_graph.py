"""A fusion inside the graph: each source's map on the common scale, combined by the rule."""

import numpy as np
import onnx_ir as ir

from training.exporting.graph import OnnxGraph
from training.model.calibration import Calibration

_LEAST = float(np.finfo(np.float32).tiny)
_LEAST_LEVEL = 1e-6


def levels_of(graph: OnnxGraph, calibration: Calibration, maps: ir.Value) -> ir.Value:
    """Return maps (N, H, W) on the common scale, as ``Calibration.levels_of`` does.

    A binary search finds the two knots that a score lies between.
    """
    op, constant = graph.op, graph.constant
    knots = np.log(np.maximum(calibration.scores, _LEAST))
    levels = calibration.levels.astype(np.float64)
    rise, run = np.diff(levels, append=levels[-1]), np.diff(knots.astype(np.float64), append=np.inf)
    slopes = np.divide(rise, run, out=np.zeros_like(rise), where=run > 0)
    slopes[-1] = calibration.slope  # beyond the last knot
    places = op.Log(op.Max(maps, constant(_LEAST)))
    table = constant(knots, name="knots")
    below = op.Expand(graph.whole(0), op.Shape(maps))
    step = 1 << max(len(knots) - 1, 1).bit_length() - 1
    while step:
        next_one = op.Min(op.Add(below, graph.whole(step)), graph.whole(len(knots) - 1))
        below = op.Where(op.GreaterOrEqual(places, op.Gather(table, next_one, axis=0)), next_one, below)
        step //= 2
    beyond = op.Max(op.Sub(places, op.Gather(table, below, axis=0)), constant(0.0))
    risen = op.Mul(op.Gather(constant(slopes, name="slopes"), below, axis=0), beyond)
    return op.Add(op.Gather(constant(levels, name="levels"), below, axis=0), risen)


def combined(graph: OnnxGraph, levels: list[ir.Value], rule: str) -> ir.Value:
    """Return maps on one scale combined by a rule, as ``training.model.fused_detector.combined`` does."""
    op = graph.op
    if rule.startswith("source "):
        return levels[int(rule.removeprefix("source ")) - 1]
    if rule == "geometric":
        logs = [op.Log(op.Max(level, graph.constant(_LEAST_LEVEL))) for level in levels]
        return op.Exp(op.Mean(*logs))
    return {"mean": op.Mean, "maximum": op.Max, "minimum": op.Min}[rule](*levels)
