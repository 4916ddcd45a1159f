"""Adaptation of a backbone's first batch norms to another domain's images (after AdaBN, Li et al. 2016).

Colour and contrast of a domain differ most from the training pictures in the first layers; deeper norms do not change.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from training.support.user_error import UserError


def moved_norms(backbone: nn.Module, images: Sequence[Tensor], norms: int, share: float) -> Iterator[str]:
    """Move the first ``norms`` batch norms of a backbone in evaluation mode; yield the name of each when it is done.

    Mean and variance move by ``share`` (0..1) of the way to those of their inputs over all pixels of the images (1, 3,
    H, W). The norms are moved one after the other, so that each sees the output of those moved before. Raises UserError
    if the backbone has fewer norms.
    """
    found = {name: module for name, module in backbone.named_modules() if isinstance(module, nn.BatchNorm2d)}
    if norms > len(found):
        raise UserError(f"adapt.norms={norms}: this backbone has {len(found)} batch norms")
    for name in _in_order(backbone, found, images[0])[:norms]:
        norm, inputs = found[name], _Moments()
        hook = norm.register_forward_pre_hook(inputs.add)
        with torch.inference_mode():
            for image in images:
                backbone(image)
        hook.remove()
        assert isinstance(norm.running_mean, Tensor)
        assert isinstance(norm.running_var, Tensor)
        norm.running_mean.lerp_(inputs.mean().to(norm.running_mean), share)
        norm.running_var.lerp_(inputs.variance().to(norm.running_var), share)
        yield name


class _Moments:
    """Sums over a module's inputs (B, C, H, W), for mean and variance (C,) float64 over all images and places."""

    def __init__(self) -> None:
        self._values, self._squares, self._count = torch.zeros(1).double(), torch.zeros(1).double(), 0

    def add(self, _module: nn.Module, given: tuple[Tensor, ...]) -> None:
        values = given[0].double().cpu()
        self._values = self._values + values.sum((0, 2, 3))
        self._squares = self._squares + values.square().sum((0, 2, 3))
        self._count += values[:, 0].numel()

    def mean(self) -> Tensor:
        return self._values / self._count

    def variance(self) -> Tensor:
        return (self._squares / self._count - self.mean().square()).clamp_min(0)


def _in_order(backbone: nn.Module, norms: dict[str, nn.BatchNorm2d], image: Tensor) -> list[str]:
    """Return the names in the order in which the backbone calls them."""
    order: list[str] = []
    hooks = [
        norm.register_forward_pre_hook(lambda _module, _given, name=name: order.append(name))
        for name, norm in norms.items()
    ]
    with torch.inference_mode():
        backbone(image)
    for hook in hooks:
        hook.remove()
    return order
