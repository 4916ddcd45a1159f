"""The main task of the pretraining: rank flawed patches above sound ones by nearest-neighbour distance.

This is the distance that the anomaly score uses.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from training.formula_images.draw import Episodes

FLAWED_SHARE = 0.3
"""Smallest share of flawed pixels of a flawed cell. A cell without any is sound; all others do not count."""


class Ranking(NamedTuple):
    """Settings of the ranking.

    ``temperature``: the scale of a difference of log squared distances. ``kept``: the share (0..1] of the sound
    pictures' patches that are kept, chosen farthest first like a coreset. ``hardest``: the share (0..1] of the other
    pictures' sound patches that count, highest scores first.
    """

    temperature: float
    kept: float = 1.0
    hardest: float = 1.0


def patch_maps(fine: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the two maps (B, C, h + 1, w + 1) pooled to patches, and both in one, the coarse one resampled.

    Pooling is 2 x 2 around the corners of the cells, zero-padded. The joint map is that of the extractor.
    """
    fine, coarse = (F.avg_pool2d(m, 2, stride=1, padding=1) for m in (fine, coarse))
    resampled = F.interpolate(coarse, size=fine.shape[2:], mode="bilinear", align_corners=True)
    return fine, coarse, torch.cat([fine, resampled], 1)


def ranked(patches: Tensor, flaw: Tensor, episodes: Episodes, ranking: Ranking) -> tuple[Tensor, Tensor]:
    """Return loss and accuracy (scalars) of patches (B, C, h, w) with flaws (B, H, W) int64, 0 for none.

    The score of a patch of an episode's further pictures is the logarithm of its squared distance to the nearest kept
    patch of the sound pictures. The loss is the logistic loss over all pairs of a flawed and a hard sound patch. The
    accuracy is the share of pairs, including easy ones, in which the flawed patch has the higher score (the AUROC).
    Both are means over the episodes that have pairs.
    """
    scores = _scores(patches, episodes, ranking.kept)
    whole = episodes.sound * episodes.count
    stride = flaw.shape[-1] // (patches.shape[-1] - 1)  # patch centres are the corners of the cells
    struck = (flaw[whole:, None] > 0).float()
    cover = F.avg_pool2d(struck, stride, padding=stride // 2, count_include_pad=False)[:, 0]
    covers = cover.unflatten(0, (episodes.flawed, episodes.count)).transpose(0, 1).flatten(1)
    losses, accuracies = [], []
    for score, share in zip(scores, covers, strict=True):
        flawed, sound = score[share > FLAWED_SHARE], score[share == 0]
        if len(flawed) and len(sound):
            hard = sound.topk(max(1, round(ranking.hardest * len(sound)))).values if ranking.hardest < 1 else sound
            losses.append(F.softplus((hard[None] - flawed[:, None]) / ranking.temperature).mean())
            accuracies.append((flawed.detach()[:, None] > sound.detach()[None]).float().mean())
    if not losses:
        return scores.sum() * 0, scores.new_tensor(0.5)
    return torch.stack(losses).mean(), torch.stack(accuracies).mean()


def _scores(patches: Tensor, episodes: Episodes, kept: float) -> Tensor:
    """Return the scores (count, patches of the further pictures) of patches (B, C, h, w)."""
    rounds = patches.float().unflatten(0, (episodes.sound + episodes.flawed, episodes.count))
    vectors = rounds.permute(1, 0, 3, 4, 2)  # episode, round, row, column, channel
    known, asked = (part.flatten(1, 3) for part in (vectors[:, : episodes.sound], vectors[:, episodes.sound :]))
    members = max(1, round(kept * known.shape[1]))
    if members < known.shape[1]:
        chosen = farthest_first(known.detach(), members)
        known = known.gather(1, chosen[:, :, None].expand(-1, -1, known.shape[2]))
    squares = asked.square().sum(2)[:, :, None] + known.square().sum(2)[:, None] - 2 * asked @ known.transpose(1, 2)
    return squares.amin(2).clamp_min(1e-8).log()


def farthest_first(vectors: Tensor, members: int) -> Tensor:
    """Return the indices (B, members) of vectors (B, n, C): the first, then always the farthest from all chosen."""
    every = torch.arange(len(vectors), device=vectors.device)
    chosen = [torch.zeros_like(every)]
    nearest = torch.full(vectors.shape[:2], torch.inf, device=vectors.device)
    while len(chosen) < members:
        last = vectors[every, chosen[-1]]
        nearest = torch.minimum(nearest, (vectors - last[:, None]).square().sum(2))
        chosen.append(nearest.argmax(1))
    return torch.stack(chosen, 1)
