"""Provenance of a run's results, as readable (label, value) lines."""

from collections.abc import Mapping
from typing import Any

from eval.runs.run_summary import RunSummary

UNKNOWN = "not recorded"


def provenance_lines(run: RunSummary) -> list[tuple[str, str]]:
    """Return the lines of one run: data, model, threshold, time and versions.

    Values that the files do not record are omitted or "not recorded".
    """
    results = run.results
    dataset, metrics = results.dataset, results.metrics
    record = {**results.model.records, **run.training}
    lines = [
        ("Run folder", str(run.run)),
        ("Tested on", f"{dataset.name} ({dataset.root}), {dataset.split} split"),
        ("Test images", f"{metrics.images}, {metrics.anomalous_images} with a defect"),
        *_data(_part(record, "provenance")),
        *_extractor(record),
        *_coreset(_part(record, "coreset")),
        *_defect_map(record),
        *_fusion(_part(record, "fusion")),
        ("Seeds", ", ".join(f"{name} {seed}" for name, seed in run.seeds.items())),
        *_threshold(_part(run.training, "threshold")),
        ("Test time", f"{results.seconds_per_image:.3g} s per image"),
        *_machine(run.training),
        ("Evaluated by", _versions(results.software)),
    ]
    return [(label, value) for label, value in lines if value]


def _part(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = record.get(key)
    return part if isinstance(part, Mapping) else {}


def _entries(part: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    entries = part.get(key)
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.5g}"
    return UNKNOWN if value is None else str(value)


def _data(origin: Mapping[str, Any]) -> list[tuple[str, str]]:
    lines = [("Created by", str(origin.get("kind", UNKNOWN)))]
    for dataset in _entries(origin, "datasets"):
        images = f", {dataset['train_images']} images" if "train_images" in dataset else ""
        lines.append(("Trained on", f"{dataset.get('name', UNKNOWN)} ({dataset.get('root', UNKNOWN)}){images}"))
        region = dataset.get("region")
        if isinstance(region, Mapping):
            hashed = str(region.get("sha256", UNKNOWN))[:12]
            lines.append(("Region of interest", f"{region.get('name', UNKNOWN)}, sha256 {hashed}"))
    parents = [str(parent.get("path", UNKNOWN)) for parent in _entries(origin, "parents")]
    return [*lines, ("Parent models", ", ".join(parents))]


def _extractor(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    fingerprint, config = _part(record, "extractor"), _part(record, "extractor_config")
    if not fingerprint and ("architecture" in record or "fusion" in record):  # not a coreset
        return []
    layers = fingerprint.get("layers")
    names = " + ".join(map(str, layers)) if isinstance(layers, list) else UNKNOWN
    weights = f"{config.get('weights', UNKNOWN)}, sha256 {str(fingerprint.get('weights_sha256', UNKNOWN))[:12]}"
    if config.get("weights") == "random":
        weights += f", seed {config.get('seed', UNKNOWN)}"
    return [("Extractor", f"{fingerprint.get('architecture', UNKNOWN)}, {names}"), ("Weights", weights)]


def _coreset(coreset: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not coreset:
        return []
    epochs = _entries(coreset, "epochs")
    replacements = ", ".join(_number(epoch.get("replacements")) for epoch in epochs)
    end = "converged" if coreset.get("converged") else "not converged"
    return [
        ("Coreset", f"{_number(coreset.get('size'))} × {_number(coreset.get('channels'))}"),
        ("Epochs", f"{len(epochs)}, {end}; replacements {replacements}"),
        ("Smallest distance d_m", _number(coreset.get("smallest_distance"))),
        ("Covering radius", _number(coreset.get("covering_radius"))),
    ]


def _defect_map(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    architecture, training = _part(record, "architecture"), _part(record, "training")
    if not architecture:
        return []
    course, kinds = _part(training, "optimisation"), _part(_part(_part(record, "synthesis"), "sources"), "kinds")
    kernels = ", ".join(map(str, architecture.get("kernels", []))) or "none"
    restored = "with" if architecture.get("reconstruction") else "without"
    used = ", ".join(f"{name} {weight:g}" for name, weight in kinds.items() if weight)
    return [
        ("Defect map", f"{restored} reconstruction; large kernels: {kernels}"),
        ("Synthetic anomalies", used or UNKNOWN),
        ("Steps", f"{_number(course.get('steps'))} of {_number(course.get('batch'))} crops"),
    ]


def _fusion(fusion: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [("Fusion", f"rule {fusion.get('rule', UNKNOWN)}")] if fusion else []


def _threshold(threshold: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not threshold:
        return []
    images = f" on {threshold['images']} validation images" if "images" in threshold else ""
    f1 = f", F1 {100 * threshold['f1']:.1f} %" if isinstance(threshold.get("f1"), float) else ""
    return [("Threshold", f"{_number(threshold.get('value'))} by {threshold.get('method', UNKNOWN)}{images}{f1}")]


def _machine(training: Mapping[str, Any]) -> list[tuple[str, str]]:
    seconds = _part(training, "seconds")
    spent = ", ".join(f"{name} {_number(value)} s" for name, value in seconds.items())
    memory = training.get("peak_memory_mb")
    return [
        ("Training time", spent),
        ("Peak memory", f"{memory:.0f} MiB" if isinstance(memory, int | float) else ""),
        ("Device", str(training.get("device", ""))),
        ("Trained by", _versions(_part(training, "versions"))),
    ]


def _versions(part: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in part.items())
