"""Backbones of timm: the network, its layers by stride, and cached or downloaded ImageNet weights."""

from collections.abc import Sequence
from pathlib import Path

import timm
import torch
from timm.layers import Conv2dSame
from torch import nn

from training.support.user_error import UserError

HUB = "https://huggingface.co"
_HUB_FILE = "model.safetensors"


def timm_network(architecture: str) -> nn.Module:
    """Return a timm network without trained weights. Raises UserError for an unknown name."""
    if not timm.is_model(architecture):
        near = ", ".join(timm.list_models(f"*{architecture.split('.', maxsplit=1)[0]}*")[:5])
        raise UserError(f"extractor.architecture {architecture!r} is no model of timm{near and f'; near: {near}'}")
    with torch.random.fork_rng(devices=[]):  # timm's constructors draw from torch's global generator
        network: nn.Module = timm.create_model(architecture, pretrained=False)
    return network


def layers_by_stride(network: nn.Module, architecture: str, layers: Sequence[str | int]) -> list[str]:
    """Return the names of the layers; a stride, such as 8, stands for the last feature map of that stride.

    Raises UserError for a network without feature maps and for a stride that it does not have.
    """
    information = getattr(network, "feature_info", None) or []
    entries = list(getattr(information, "info", information))
    by_stride = {int(entry["reduction"]): str(entry["module"]) for entry in entries}
    names = []
    for layer in layers:
        if isinstance(layer, str) and not layer.isdigit():
            names.append(layer)
        elif int(layer) in by_stride:
            names.append(by_stride[int(layer)])
        else:
            known = ", ".join(str(stride) for stride in by_stride) or "none"
            raise UserError(f"extractor.layers {layer}: {architecture} gives feature maps at strides {known}")
    return names


def uses_own_padding(network: nn.Module) -> bool:
    """Return whether a network pads as TensorFlow does, by the size of each image."""
    return any(isinstance(module, Conv2dSame) for module in network.modules())


def hub_reason(architecture: str, reachable: bool) -> str | None:
    """Return why timm's ImageNet file cannot be had, or None where it is cached or the hub is ``reachable``."""
    from huggingface_hub import try_to_load_from_cache  # loads for half a second

    weights = timm.get_pretrained_cfg(architecture) if timm.is_model(architecture) else None
    if weights is None or not weights.hf_hub_id:
        return None  # the network's own check says so
    if reachable or isinstance(try_to_load_from_cache(weights.hf_hub_id, _HUB_FILE), str):
        return None
    return "not cached, and the model hub does not answer"


def imagenet_file(architecture: str, reachable: bool) -> tuple[Path | None, str]:
    """Return timm's ImageNet file (.safetensors), or None and the reason.

    The file comes from the hub's cache, or is downloaded if the hub is ``reachable``.
    """
    from huggingface_hub import hf_hub_download, try_to_load_from_cache  # imported here: it takes half a second

    weights = timm.get_pretrained_cfg(architecture)
    repository = weights.hf_hub_id if weights else None
    if not repository:
        return None, "timm names no hub repository for it"
    cached = try_to_load_from_cache(repository, _HUB_FILE)
    if isinstance(cached, str):
        return Path(cached), ""
    if not reachable:
        return None, "not cached, and the model hub does not answer"
    try:
        return Path(hf_hub_download(repository, _HUB_FILE)), ""
    except Exception as error:  # the hub's client raises many types
        return None, f"{type(error).__name__}: {str(error).splitlines()[0]}"
