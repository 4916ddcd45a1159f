"""Checks of ``conf/extractor`` before anything is built."""

from typing import Any

from training.features.backbone import PROVIDERS
from training.support.user_error import UserError

ADDED = {
    "provider": "torchvision",
    "padding": "torch",
    "weights_sha256": None,
    "weights_in_order": False,
    "centres": None,
}
"""Settings that a hand-written configuration may leave out."""


def kernels_of(pooling: int | list[int]) -> tuple[int, ...]:
    """Return the pooling kernels that ``extractor.pooling`` names: one or several."""
    return (pooling,) if isinstance(pooling, int) else tuple(pooling)


def check_settings(config: dict[str, Any]) -> None:
    """Raise UserError naming the first invalid setting of ``conf/extractor``."""
    if config["provider"] not in PROVIDERS:
        raise UserError(f"extractor.provider {config['provider']!r} is none of {', '.join(PROVIDERS)}")
    for further in config.get("further_scales") or []:
        if set(further) != {"scale", "weight"} or not 0 < further["scale"] < 1 or not further["weight"] > 0:
            raise UserError(
                f"extractor.further_scales {further}: each must be {{scale: between 0 and 1, weight: above 0}}"
            )
    if config["activation"] not in ("original", "relu"):
        raise UserError(f"extractor.activation {config['activation']!r} is none of original, relu")
    if config["padding"] not in ("torch", "same"):
        raise UserError(f"extractor.padding {config['padding']!r} is none of torch, same")
    _check_pooling(config["pooling"])
    if not _is_resize(config["resize"]):
        raise UserError(
            "extractor.resize must be null, {side: shorter|longer, pixels: N} or {height: N, width: N}; N at least 1"
        )
    tiling = config.get("tiling")
    if tiling is not None and (
        set(tiling) != {"above_pixels", "tile_pixels"} or not all(isinstance(n, int) and n > 0 for n in tiling.values())
    ):
        raise UserError("extractor.tiling must be null or {above_pixels: N, tile_pixels: N}")


def _check_pooling(pooling: Any) -> None:
    kernels = kernels_of(pooling) if isinstance(pooling, int | list) else ()
    if not kernels or not all(isinstance(kernel, int) and kernel >= 1 for kernel in kernels):
        raise UserError(f"extractor.pooling {pooling} must be a kernel of at least 1, or a list of them")
    if len(set(kernels)) < len(kernels):
        raise UserError(f"extractor.pooling {pooling} names a kernel twice")


def _is_resize(resize: Any) -> bool:
    if resize is None:
        return True
    lengths = [value for name, value in resize.items() if name != "side"]
    if not all(isinstance(length, int) and length >= 1 for length in lengths):
        return False
    if set(resize) == {"side", "pixels"}:
        return resize["side"] in ("shorter", "longer")
    return set(resize) == {"height", "width"}
