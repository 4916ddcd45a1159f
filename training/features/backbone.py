"""A torchvision backbone with its weights, cut off after the last layer that patches are taken from."""

from typing import Any

import torch
import torchvision
from torch import nn
from torch.fx import GraphModule
from torchvision.models.feature_extraction import create_feature_extractor

from training.features.backbone_weights import Weights, find_weights
from training.support.user_error import UserError


def truncated_backbone(config: dict[str, Any]) -> tuple[GraphModule, Weights]:
    """Return the backbone that ``conf/extractor`` describes, in evaluation mode, and where its weights came from.

    Raises UserError for an unknown layer and for weights that do not fit.
    """
    with torch.random.fork_rng(devices=[]):  # torchvision's constructors draw from torch's global generator
        backbone = torchvision.models.get_model(config["architecture"], weights=None)
    if config["activation"] == "relu":
        _replace_hardswish(backbone)
    all_names = set(backbone.state_dict())
    try:
        truncated = create_feature_extractor(backbone.eval(), return_nodes=list(config["layers"]))
    except ValueError as error:
        raise UserError(
            f"extractor.layers {config['layers']}: not all are nodes of {config['architecture']}: {error}"
        ) from error
    needed = [name for name in truncated.state_dict() if not name.endswith("num_batches_tracked")]
    # the project's own weights were trained with the original activation
    fitting = needed if config["activation"] == "original" else []
    weights = find_weights(config["weights"], config["architecture"], config["seed"], backbone, fitting)
    _load(truncated, weights.state, all_names, config["weights"])
    return truncated, weights


def _replace_hardswish(module: nn.Module) -> None:
    """Make a MobileNetV3 the 'minimalistic' one, whose published weights expect ReLU."""
    for name, child in module.named_children():
        if isinstance(child, nn.Hardswish):
            setattr(module, name, nn.ReLU(inplace=True))
        else:
            _replace_hardswish(child)


def _load(truncated: nn.Module, full_state: dict[str, torch.Tensor], all_names: set[str], source: str) -> None:
    """Load strictly, except that weights of layers cut off may be in the file or not."""
    wanted = truncated.state_dict()
    missing = [name for name in wanted if name not in full_state and not name.endswith("num_batches_tracked")]
    if missing:
        raise UserError(
            f"extractor.weights={source} lacks {missing[0]} (and {len(missing) - 1} more), which the chosen layers need"
        )
    unexpected = sorted(set(full_state) - all_names)
    if unexpected:
        raise UserError(f"extractor.weights={source} holds {unexpected[0]}, which this architecture does not have")
    for name, tensor in wanted.items():
        if name in full_state and full_state[name].shape != tensor.shape:
            given, needed = tuple(full_state[name].shape), tuple(tensor.shape)
            raise UserError(f"extractor.weights={source}: {name} has shape {given}, this architecture needs {needed}")
    truncated.load_state_dict({name: full_state.get(name, tensor) for name, tensor in wanted.items()})
