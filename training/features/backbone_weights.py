"""Sources of a backbone's weights: ImageNet files, the project's own, a package's or user's file, a random draw."""

import hashlib
import math
import threading
import urllib.error
import urllib.request
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torchvision
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

from training.features.extractor_settings import ExtractorSettings
from training.features.packaged_weights import PACKAGE, check_hash, packaged_file, renamed_in_order
from training.features.timm_backbone import HUB, hub_reason, imagenet_file
from training.support.user_error import UserError

OWN = "stainless_texture"
"""The name of the project's own weights (docs/extractor.md): MobileNetV3-Large up to its stride-16 stage."""
OWN_FILE = Path(__file__).with_name("weights") / f"{OWN}.safetensors"
OWN_ARCHITECTURE = "mobilenet_v3_large"
RECIPE = "recipe"
"""The key in a safetensors header that marks weights of training.pretrain, which expect standardised images."""
_ANSWER_WITHIN_SECONDS = 5.0


class Weights(NamedTuple):
    """The state dict of a whole backbone.

    ``source`` is where it finally came from, ``warnings`` are for readers of results, and ``standardise`` is true if
    the weights expect standardised images.
    """

    state: dict[str, torch.Tensor]
    source: str
    warnings: list[str]
    standardise: bool = False


def find_weights(settings: ExtractorSettings, backbone: nn.Module, needed: Collection[str] = ()) -> Weights:
    """Return weights for the whole ``backbone`` of ``conf/extractor``.

    ``settings.weights`` is "imagenet", "stainless_texture", "random", "package:<package>/<file>", or the path of a
    .pth or .safetensors state dict. If the ImageNet file is neither cached nor reachable, the project's own weights
    replace it if they are of this architecture and have all ``needed`` names, and seeded random weights otherwise; both
    come with a warning. Raises UserError for a file that cannot be read or whose hash differs from ``weights_sha256``,
    for a missing package, and for "stainless_texture" with another architecture.
    """
    source, architecture, seed = settings.weights, settings.architecture, settings.seed
    if source == "random":
        return Weights(seeded_weights(backbone, seed), source, [f"the backbone's weights are RANDOM (seed {seed})"])
    if source == OWN:
        if architecture != OWN_ARCHITECTURE:
            raise UserError(f"extractor.weights={OWN} are weights of {OWN_ARCHITECTURE}, not of {architecture}")
        return Weights(load_file(OWN_FILE), source, [], standardise=True)
    if source != "imagenet":
        path = packaged_file(source) if source.startswith(PACKAGE) else Path(source)
        check_hash(path, settings.weights_sha256)
        state = _from_file(path)
        if settings.weights_in_order:
            state = renamed_in_order(state, backbone.state_dict(), str(path))
        return Weights(state, source, [], standardise=_is_pretrained(path))
    file_state, reason = _from_hub(settings) if settings.provider == "timm" else _from_torchvision(architecture)
    if file_state is not None:
        return Weights(file_state, source, [])
    missing = f"no ImageNet weights for {architecture} ({reason})"
    own = load_file(OWN_FILE) if architecture == OWN_ARCHITECTURE and needed else {}
    if own and own.keys() >= set(needed):
        warning = (
            f"{missing}: the project's own weights ({OWN}), trained on formula-driven pictures, are used instead; give "
            "ImageNet's with extractor.weights=<path>"
        )
        return Weights(own, OWN, [warning], standardise=True)
    warning = (
        f"{missing}: the backbone's weights are RANDOM (seed {seed}) and results are not those of a trained backbone; "
        "use extractor=efficientnet_lite0, whose ImageNet weights come with the project's packages, or give a file "
        "with extractor.weights=<path>"
    )
    return Weights(seeded_weights(backbone, seed), "random", [warning])


def seeded_weights(backbone: nn.Module, seed: int) -> dict[str, torch.Tensor]:
    """Return He-normal weights and zero biases, drawn in module order.

    Fan-in scaling keeps the signal's size in depth-wise convolutions too. The draw uses its own generator, because
    torchvision's constructors can only draw from torch's global one.
    """
    generator = torch.Generator().manual_seed(seed)
    state = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    for name, module in backbone.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            fan_in = module.weight[0].numel()
            state[f"{name}.weight"].normal_(0.0, math.sqrt(2.0 / fan_in), generator=generator)
            if module.bias is not None:
                state[f"{name}.bias"].zero_()
    return state


def sha256_of(state: dict[str, torch.Tensor]) -> str:
    """Return the SHA-256 over names, types, shapes and bytes of a state dict, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(state):
        if name.endswith("num_batches_tracked"):  # a counter of the training; no forward pass reads it
            continue
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def _from_file(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise UserError(f"extractor.weights: no file at {path} (give a path, imagenet, {OWN} or random)")
    try:
        state: Any = (
            load_file(path)
            if path.suffix == ".safetensors"
            else torch.load(path, map_location="cpu", weights_only=True)
        )
    except Exception as error:  # torch and safetensors raise many types for a foreign file
        raise UserError(
            f"{path} is not a state dict that can be loaded safely: {str(error).splitlines()[0]}"
        ) from error
    if not isinstance(state, dict) or not state or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise UserError(f"{path} holds no plain state dict (names to tensors)")
    return state


def _is_pretrained(path: Path) -> bool:
    if path.suffix != ".safetensors":
        return False
    with safe_open(path, framework="pt") as file:
        return RECIPE in (file.metadata() or {})


def unavailable(settings: ExtractorSettings) -> str | None:
    """Return why the ImageNet weights of an extractor are unavailable, or None.

    They are available where they are cached or their server answers.
    """
    if settings.provider == "timm":
        return hub_reason(settings.architecture, _answers(HUB))
    if settings.architecture not in torchvision.models.list_models(module=torchvision.models):
        return None  # the network's own check says so
    url = torchvision.models.get_model_weights(settings.architecture)["IMAGENET1K_V1"].url
    if _cached(url).is_file() or _answers(url):
        return None
    return f"not cached, and {url.split('/')[2]} does not answer"


def _cached(url: str) -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[-1]


def _from_torchvision(architecture: str) -> tuple[dict[str, torch.Tensor] | None, str]:
    choices = torchvision.models.get_model_weights(architecture)
    weights = choices["IMAGENET1K_V1"]  # the original PatchCore's weights; V2 is trained longer, for classification
    if not _cached(weights.url).is_file() and not _answers(weights.url):
        return None, f"not cached, and {weights.url.split('/')[2]} does not answer"
    try:
        return torch.hub.load_state_dict_from_url(
            weights.url, map_location="cpu", check_hash=True, weights_only=True
        ), ""
    except (OSError, RuntimeError) as error:
        return None, f"{type(error).__name__}: {str(error).splitlines()[0]}"


def _from_hub(settings: ExtractorSettings) -> tuple[dict[str, torch.Tensor] | None, str]:
    path, reason = imagenet_file(settings.architecture, _answers(HUB))
    return (None, reason) if path is None else (_from_file(path), "")


def _answers(url: str) -> bool:
    """Return whether a HEAD request for ``url`` succeeds in time, through the user's proxies.

    It runs in a thread, because resolving a name can block beyond any timeout.
    """
    answered = threading.Event()

    def ask() -> None:
        try:
            request = urllib.request.Request(url, method="HEAD")
            with urllib.request.urlopen(request, timeout=_ANSWER_WITHIN_SECONDS):
                answered.set()
        except (OSError, ValueError):
            pass

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_ANSWER_WITHIN_SECONDS)
    return answered.is_set()
