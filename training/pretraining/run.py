"""The pretraining loop: seeded pictures step by step, atomic checkpoints, and a file of weights at the end."""

import csv
import hashlib
import io
import json
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
import torchvision
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from training.features.backbone_weights import OWN_ARCHITECTURE, RECIPE
from training.features.extractor import LEAST_CONTRAST, chosen_device
from training.formula_images.draw import Episodes
from training.formula_images.formulas import Formulas, draw_formulas
from training.formula_images.pictures import Pictures, draw_pictures
from training.pretraining.learning_cycles import planned
from training.pretraining.neighbour_task import Ranking, patch_maps, ranked
from training.pretraining.read_out_task import Head, losses
from training.pretraining.settings import PretrainingSettings, Recipe, TaskWeights
from training.support.document import document_of
from training.support.progress import with_progress
from training.support.user_error import UserError
from training.support.whole_file import write_json, write_whole

log = logging.getLogger(__name__)

STAGES = (7, 13)
"""The backbone's blocks end before these: the stride-8 map of 40 channels and the stride-16 map of 112."""
CHANNELS = (40, 112)
CHECKPOINT = "checkpoint.safetensors"
WEIGHTS = "backbone.safetensors"
_SEED_STRIDE = 0x9E3779B1  # odd and large, so that the streams of two seeds do not overlap
NEIGHBOUR = ("neighbour_8", "neighbour_16", "neighbour_both", "accuracy_8", "accuracy_16", "accuracy_both")
READ_OUT = tuple(f"{part}_{stride}" for stride in (8, 16) for part in ("formula", "flaw", "structure"))


class Learner(nn.Module):
    """The truncated backbone with a linear head on each of its two maps."""

    def __init__(self, formulas: int) -> None:
        super().__init__()
        self.features = torchvision.models.get_model(OWN_ARCHITECTURE, weights=None).features[: STAGES[1]]
        self.heads = nn.ModuleList(Head(channels, formulas) for channels in CHANNELS)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the two maps (B, C, h, w) of RGB pixels (B, 3, H, W) in 0..1."""
        x = standardised(pixels).contiguous(memory_format=torch.channels_last)
        fine = self.features[: STAGES[0]](x)
        return fine, self.features[STAGES[0] :](fine)


def standardised(pixels: Tensor) -> Tensor:
    """Return pixels (B, 3, H, W), each image normalised by its own mean and deviation (extractor.standardise)."""
    mean = pixels.mean((1, 2, 3), keepdim=True)
    return (pixels - mean) / pixels.std((1, 2, 3), correction=0, keepdim=True).clamp_min(LEAST_CONTRAST)


def objective(
    learner: Learner, pictures: Pictures, episodes: Episodes, ranking: Ranking, task: TaskWeights
) -> tuple[Tensor, Tensor]:
    """Return the loss (scalar) of a batch and its parts (NEIGHBOUR, then READ_OUT; NaN for unused ones)."""
    maps = learner(pictures.pixels)
    ranks = [ranked(patches, pictures.flaw, episodes, ranking) for patches in patch_maps(*maps)]
    neighbour = torch.stack([loss for loss, _ in ranks])
    accuracy = torch.stack([right for _, right in ranks])
    total = task.neighbour * neighbour.sum()
    read_out = torch.full((len(READ_OUT),), torch.nan, device=total.device)
    weights = torch.tensor([task.formula, task.flaw, task.structure], device=total.device)
    if weights.any():
        outputs = (head(features) for head, features in zip(learner.heads, maps, strict=True))
        parts = torch.stack([torch.stack(losses(output, pictures)) for output in outputs])
        total = total + (parts * weights).sum()
        read_out = parts.detach().flatten()
    return total, torch.cat([neighbour.detach(), accuracy, read_out])


def pretrain_run(settings: PretrainingSettings, folder: Path) -> dict[str, Any]:
    """Train, continuing from a checkpoint if there is one; write weights, curve and record; return the record.

    Raises UserError for a checkpoint of another recipe.
    """
    recipe, device = settings.recipe, chosen_device(settings.device)
    document, episodes = document_of(recipe), recipe.episodes
    with torch.random.fork_rng():  # torchvision's constructors draw from torch's global generator
        torch.default_generator.manual_seed(recipe.seed)
        learner = Learner(recipe.formulas).to(device).to(memory_format=torch.channels_last).train()
    if recipe.start is not None:
        document["start"] = _start_from(learner, Path(recipe.start))
    formulas = draw_formulas(recipe.formulas, recipe.seed, device)
    optimiser = _fresh(learner, recipe.weight_decay)
    first, curve, running, seconds = _restored(folder / CHECKPOINT, document, learner, optimiser)
    cycles = planned(recipe.cycles)
    steps = cycles[-1].end
    if first:
        log.info("Continuing from step %d of %d", first, steps)
    started = time.perf_counter() - seconds
    batches = _batches(formulas, recipe, range(first, steps), device)
    for step in with_progress(range(first, steps), steps - first, "pretraining"):
        cycle = next(cycle for cycle in cycles if step < cycle.end)
        if step == cycle.begin:
            optimiser = _fresh(learner, recipe.weight_decay)
        pictures = next(batches)
        for group in optimiser.param_groups:
            group["lr"] = cycle.rate(step, recipe.warmup_steps)
        ranking = Ranking(recipe.temperature, recipe.kept, cycle.hardest)
        loss, present = objective(learner, pictures, episodes, ranking, recipe.task)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(learner.parameters(), 5.0)
        optimiser.step()
        running = torch.where(running.isnan(), present, torch.lerp(running, present, 0.05))
        if (step + 1) % recipe.curve_steps == 0:
            curve.append([step + 1, *(round(value, 4) for value in running.tolist())])
            summary = running[[2, 5]].tolist()
            log.info("Step %d: loss %.3f, flawed patches rank above sound ones: %.3f", step + 1, *summary)
        if (step + 1) % recipe.checkpoint_steps == 0:
            spent = time.perf_counter() - started
            state = {
                "recipe": document,
                "step": step + 1,
                "curve": curve,
                "running": running.tolist(),
                "seconds": spent,
            }
            _save(folder / CHECKPOINT, learner, optimiser, state)
    return _finished(folder, learner, document, curve, time.perf_counter() - started, device)


def _start_from(learner: Learner, path: Path) -> str:
    """Load the backbone of an earlier pretraining into the learner; return the file's SHA-256.

    Raises UserError for another file.
    """
    try:
        state = safetensors.torch.load_file(path)
        learner.features.load_state_dict({name.removeprefix("features."): t for name, t in state.items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"pretrain.start={path} is not a backbone of training.pretrain ({reason})") from error
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _batches(formulas: Formulas, recipe: Recipe, steps: range, device: torch.device) -> Iterator[Pictures]:
    """Yield each step's pictures, which depend only on seed and step; the next are drawn meanwhile."""

    def drawn(step: int) -> Pictures:
        # torch's CPU generator uses the lower 32 bits only, so they must contain the seed
        generator = torch.Generator(device).manual_seed((recipe.seed * _SEED_STRIDE + step) % 2**32)
        with torch.no_grad():
            return draw_pictures(formulas, recipe.episodes, recipe.size, recipe.chances, generator)

    with ThreadPoolExecutor(1) as pool:
        coming = [pool.submit(drawn, step) for step in steps[:1]]
        for step in steps:
            pictures = coming.pop().result()
            coming = [pool.submit(drawn, after) for after in range(step + 1, min(step + 2, steps.stop))]
            yield pictures


def _fresh(learner: Learner, weight_decay: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW(learner.parameters(), weight_decay=weight_decay)


def _finished(
    folder: Path, learner: Learner, recipe: dict[str, Any], curve: list[Any], seconds: float, device: torch.device
) -> dict[str, Any]:
    state = {f"features.{name}": tensor.contiguous().cpu() for name, tensor in learner.features.state_dict().items()}
    content = safetensors.torch.save(state, metadata={RECIPE: json.dumps(recipe)})
    write_whole(folder / WEIGHTS, content)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerows([["step", *NEIGHBOUR, *READ_OUT], *curve])
    write_whole(folder / "curve.csv", table.getvalue().encode())
    record = {
        "architecture": OWN_ARCHITECTURE,
        "recipe": recipe,
        "seconds": round(seconds),
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }
    write_json(folder / "pretraining.json", record)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    log.info("Weights: %s (%d bytes, sha256 %s)", folder / WEIGHTS, len(content), record["sha256"])
    return record


def _save(path: Path, learner: Learner, optimiser: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    tensors = {f"learner.{name}": tensor for name, tensor in learner.state_dict().items()}
    for index, moments in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": torch.as_tensor(value) for name, value in moments.items()}
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_whole(path, safetensors.torch.save(contiguous, metadata={"state": json.dumps(state)}))


def _restored(
    path: Path, recipe: dict[str, Any], learner: Learner, optimiser: torch.optim.Optimizer
) -> tuple[int, list[Any], Tensor, float]:
    """Load a checkpoint into learner and optimiser.

    Returns the next step, the curve so far, its running means and the seconds used.
    """
    device = next(learner.parameters()).device
    if not path.is_file():
        return 0, [], torch.full((len(NEIGHBOUR) + len(READ_OUT),), torch.nan, device=device), 0.0
    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads(file.metadata()["state"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - safe_open is not a dict
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read as a checkpoint ({error}); delete it to start again") from error
    if state["recipe"] != recipe:
        raise UserError(f"{path} belongs to another recipe; choose another name, or delete it to start again")
    learner.load_state_dict(_below("learner.", tensors))
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _below("optimiser.", tensors).items():
        index, key = name.split(".", 1)
        moments.setdefault(int(index), {})[key] = tensor
    optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})
    return state["step"], state["curve"], torch.tensor(state["running"], device=device), state["seconds"]


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
