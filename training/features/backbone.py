"""A backbone with its weights, cut off after the last layer that patches use."""

import torch
import torchvision
from timm.layers import BatchNormAct2d, get_notrace_functions, get_notrace_modules
from torch import nn
from torch.fx import GraphModule
from torchvision.models.feature_extraction import create_feature_extractor

from training.features.backbone_graph import EXCITATIONS
from training.features.backbone_weights import Weights, find_weights
from training.features.extractor_settings import ExtractorSettings
from training.features.same_padding import SameConv2d, SameMaxPool2d, pad_same
from training.features.timm_backbone import layers_by_stride, timm_network, uses_own_padding
from training.support.user_error import UserError


def truncated_backbone(settings: ExtractorSettings) -> tuple[GraphModule, Weights]:
    """Return the backbone that ``conf/extractor`` describes, in evaluation mode, and the source of its weights.

    Raises UserError for an unknown architecture or layer and for weights that do not fit.
    """
    backbone, layers = network_and_layers(settings)
    if settings.activation == "relu":
        _replace_hardswish(backbone)
    if settings.padding == "same":
        pad_same(backbone)
    all_names = set(backbone.state_dict())
    leaves = [*get_notrace_modules(), BatchNormAct2d, SameConv2d, SameMaxPool2d, *EXCITATIONS]
    tracer = {"leaf_modules": leaves, "autowrap_functions": get_notrace_functions()}
    try:
        truncated = create_feature_extractor(backbone.eval(), return_nodes=layers, tracer_kwargs=tracer)
    except ValueError as error:
        raise UserError(
            f"extractor.layers {settings.layers}: not all are nodes of {settings.architecture}: {error}"
        ) from error
    needed = [name for name in truncated.state_dict() if not name.endswith("num_batches_tracked")]
    # the project's own weights were trained with the original activation
    fitting = needed if settings.activation == "original" else []
    weights = find_weights(settings, backbone, fitting)
    _load(truncated, weights.state, all_names, settings.weights)
    return truncated, weights


def network_and_layers(settings: ExtractorSettings) -> tuple[nn.Module, list[str]]:
    """Return the whole network without weights, and the names of the nodes that patches use."""
    architecture, layers = settings.architecture, list(settings.layers)
    if settings.provider == "timm":
        network = timm_network(architecture)
        if uses_own_padding(network) and settings.padding != "same":
            raise UserError(
                f"extractor.architecture {architecture} pads as TensorFlow does; set extractor.padding=same"
            )
        return network, layers_by_stride(network, architecture, layers)
    if architecture not in torchvision.models.list_models(module=torchvision.models):
        raise UserError(
            f"extractor.architecture {architecture!r} is no torchvision classification model "
            "(timm's need extractor.provider=timm)"
        )
    with torch.random.fork_rng(devices=[]):  # torchvision's constructors draw from torch's global generator
        return torchvision.models.get_model(architecture, weights=None), [str(layer) for layer in layers]


def _replace_hardswish(module: nn.Module) -> None:
    """Turn a MobileNetV3 into its 'minimalistic' variant, whose published weights expect ReLU."""
    for name, child in module.named_children():
        if isinstance(child, nn.Hardswish):
            setattr(module, name, nn.ReLU(inplace=True))
        else:
            _replace_hardswish(child)


def _load(truncated: nn.Module, full_state: dict[str, torch.Tensor], all_names: set[str], source: str) -> None:
    """Load weights strictly, but allow weights of the layers that are cut off."""
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
