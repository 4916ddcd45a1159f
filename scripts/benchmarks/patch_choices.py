"""Comparison of choices of the patch grid: kernel, upsampling, blur and image score, on several datasets and orders."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from scripts.benchmarks.accuracy_data import AccuracyData
from scripts.benchmarks.accuracy_runs import Extractor, accuracy_of_grids, coreset_of, distance_grids, map_settings
from training.model.anomaly_model import AnomalyModel

KERNELS = ("1", "2", "3", "[1,3]")
MAPS = {
    "paper": ("anomaly_map=paper",),
    "bilinear": ("anomaly_map.upsampling=bilinear",),
    "bilinear, sigma 1": ("anomaly_map.upsampling=bilinear", "anomaly_map.blur_sigma=1", "anomaly_map.blur_kernel=9"),
    "bilinear, sigma 4": ("anomaly_map.upsampling=bilinear", "anomaly_map.blur_sigma=4", "anomaly_map.blur_kernel=33"),
    "bilinear, mean of 0.1 %": ("anomaly_map.upsampling=bilinear", "anomaly_map.score_share=0.001"),
    "bilinear, mean of 1 %": ("anomaly_map.upsampling=bilinear", "anomaly_map.score_share=0.01"),
}
"""Settings of the anomaly map; "paper" is nearest upsampling, sigma 2, maximum."""


def compared(
    datasets: Sequence[AccuracyData], extractors: Sequence[Extractor], kernels: Sequence[str], orders: int
) -> Iterator[dict[str, Any]]:
    """Yield a row for each dataset, extractor, kernel, order and setting of the map: its names and accuracy in 0..1."""
    for data, extractor, kernel in product(datasets, extractors, kernels):
        built = extractor.built(f"extractor.resize={data.resize}", f"extractor.pooling={kernel}")
        test_images = data.test_images()
        for order in range(orders):
            members = coreset_of(built, data.ordered(order), data.defect_ids)
            grids = distance_grids(AnomalyModel(built, members, map_settings()), test_images)
            for name, overrides in MAPS.items():
                # members are unused: the distances are computed already
                model = AnomalyModel(built, members[:2], map_settings(*overrides))
                row = {"data": data.name, "extractor": extractor.name, "kernel": kernel, "order": order, "map": name}
                yield {**row, **accuracy_of_grids(model, grids, test_images)}
