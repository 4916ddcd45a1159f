"""One training step of a defect map, and the state from which the next step continues to the bit."""

import math

import torch
from torch import Tensor

from training.defect_map.deep_features import DeepConsistency
from training.defect_map.examples import Batch
from training.defect_map.losses import dissimilarity, focal_loss, squared_error
from training.defect_map.network import DefectMapNetwork
from training.defect_map.settings import DefectMapSettings, OptimisationSettings
from training.features.extractor import FeatureExtractor

TERMS = ("focal", "l2", "ssim", "deep")
_GREATEST_NORM = 5.0
_NETWORK, _OPTIMISER = "network.", "optimiser."


class Learner:
    """The networks, their optimiser and the losses."""

    def __init__(self, settings: DefectMapSettings, extractor: FeatureExtractor | None, device: torch.device) -> None:
        self.settings = settings
        generator = torch.Generator().manual_seed(settings.seed)
        self.network = DefectMapNetwork(settings.architecture, generator).to(device)
        self.network = self.network.to(memory_format=torch.channels_last).train()
        self.deep: DeepConsistency | None = None
        if self.network.autoencoder is not None and settings.deep_features != "none" and settings.losses.deep > 0:
            self.deep = DeepConsistency(settings.deep_features, self.network.autoencoder.encoder, extractor)
        course = settings.optimisation
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=course.learning_rate, weight_decay=course.weight_decay
        )
        self._device = device

    def step(self, number: int, batch: Batch) -> dict[str, float]:
        """Make the training step of a number; return the losses by term, before their weights."""
        course = self.settings.optimisation
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(course, number)
        terms = self.losses(Batch(*(part.to(self._device) for part in batch)))
        weights = self.settings.losses
        total = torch.stack([getattr(weights, name) * term for name, term in terms.items()]).sum()
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _GREATEST_NORM)
        self.optimiser.step()
        if self.deep is not None:
            self.deep.refresh()
        return {name: float(term.detach()) for name, term in terms.items()}

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return the losses by term. Ignored pixels carry none, except in the deep term, where they show the target."""
        counted = batch.label != 255
        restored, logits = self.network(batch.image)
        terms = {"focal": focal_loss(logits, batch.label, counted, self.settings.losses.gamma)}
        if restored is not None:
            terms["l2"] = squared_error(restored, batch.target, counted)
            terms["ssim"] = dissimilarity(restored, batch.target, counted)
            if self.deep is not None:
                terms["deep"] = self.deep.loss(torch.where(counted, restored, batch.target), batch.target)
        return terms

    def state(self) -> dict[str, Tensor]:
        """Return weights, batch-norm statistics and the optimiser's moments."""
        tensors = {f"{_NETWORK}{name}": tensor for name, tensor in self.network.state_dict().items()}
        for index, moments in self.optimiser.state_dict()["state"].items():
            for name, value in moments.items():
                tensors[f"{_OPTIMISER}{index}.{name}"] = value
        return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Continue from the tensors that ``state`` gave."""
        self.network.load_state_dict(_below(_NETWORK, tensors))
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _below(_OPTIMISER, tensors).items():
            index, key = name.split(".", 1)
            moments.setdefault(int(index), {})[key] = tensor
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": moments, "param_groups": groups})
        if self.deep is not None:
            self.deep.refresh()


def learning_rate(course: OptimisationSettings, step: int) -> float:
    """Return a step's learning rate: a linear rise, then half a cosine down to 0, or a tenth at each milestone."""
    rise = min(1.0, (step + 1) / max(1, course.warmup_steps))
    share = step / course.steps
    if course.decay == "cosine":
        return course.learning_rate * rise * 0.5 * (1 + math.cos(math.pi * share))
    return course.learning_rate * rise * 0.1 ** sum(share >= milestone for milestone in course.milestones)


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
