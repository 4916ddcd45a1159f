import math

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from training.formula_images.draw import Episodes
from training.pretraining.neighbour_task import FLAWED_SHARE, Ranking, farthest_first, patch_maps, ranked

EPISODES = Episodes(2, sound=2, flawed=1, jitter=0.0)
PICTURES, CHANNELS, CELLS, STRIDE = 6, 5, 5, 8


def patches_and_flaws():
    generator = torch.Generator().manual_seed(3)
    patches = torch.randn(PICTURES, CHANNELS, CELLS, CELLS, generator=generator)
    flaw = torch.zeros(PICTURES, (CELLS - 1) * STRIDE, (CELLS - 1) * STRIDE, dtype=torch.int64)
    flaw[4, :12, :16] = 2
    flaw[5, 20:, 25:] = 1
    return patches, flaw


@pytest.mark.parametrize(("kept", "hardest"), [(1.0, 1.0), (0.2, 1.0), (0.2, 0.4)])
def test_a_ranking_is_that_of_a_literal_loop(kept, hardest):
    patches, flaw = patches_and_flaws()
    loss, accuracy = ranked(patches, flaw, EPISODES, Ranking(0.5, kept, hardest))
    losses, accuracies = [], []
    for episode in range(2):
        known = [
            patches[number, :, y, x] for number in (episode, episode + 2) for y in range(CELLS) for x in range(CELLS)
        ]
        if kept < 1:
            known = literal_farthest_first(known, round(kept * len(known)))
        flawed, sound = [], []
        for y in range(CELLS):
            for x in range(CELLS):
                rows, columns = (slice(max(0, k * STRIDE - STRIDE // 2), k * STRIDE + STRIDE // 2) for k in (y, x))
                cell = flaw[episode + 4, rows, columns]
                share = (cell > 0).double().mean()
                nearest = min(float((patches[episode + 4, :, y, x] - other).square().sum()) for other in known)
                if share > FLAWED_SHARE:
                    flawed.append(math.log(nearest))
                elif share == 0:
                    sound.append(math.log(nearest))
        assert flawed
        assert sound
        hard = sorted(sound)[-round(hardest * len(sound)) :]
        pairs = [(bad - good) / 0.5 for bad in flawed for good in hard]
        losses.append(np.mean([math.log1p(math.exp(-pair)) for pair in pairs]))
        labels = [1] * len(flawed) + [0] * len(sound)
        accuracies.append(roc_auc_score(labels, flawed + sound))
    assert loss == pytest.approx(np.mean(losses), rel=1e-5)
    assert accuracy == pytest.approx(np.mean(accuracies), abs=1e-6)


def literal_farthest_first(vectors, members):
    chosen = [vectors[0]]
    while len(chosen) < members:
        gaps = [min(float((vector - other).square().sum()) for other in chosen) for vector in vectors]
        chosen.append(vectors[int(np.argmax(gaps))])
    return chosen


def test_members_are_the_farthest_first():
    vectors = torch.randn(3, 40, 6, generator=torch.Generator().manual_seed(4))
    chosen = farthest_first(vectors, 7)
    assert chosen.shape == (3, 7)
    for batch in range(3):
        expected = literal_farthest_first(list(vectors[batch]), 7)
        assert all(
            torch.equal(vectors[batch, index], other) for index, other in zip(chosen[batch], expected, strict=True)
        )


def test_flawed_patches_far_off_rank_first_and_cost_little():
    patches, flaw = patches_and_flaws()
    patches[4, :, :2, :3] += 100
    patches[5, :, 3:, 3:] += 100
    loss, accuracy = ranked(patches, flaw, EPISODES, Ranking(0.5))
    assert accuracy == 1
    assert loss < 0.01


def test_without_flaws_nothing_is_learned():
    patches, flaw = patches_and_flaws()
    patches.requires_grad_()
    loss, accuracy = ranked(patches, torch.zeros_like(flaw), EPISODES, Ranking(0.5))
    loss.backward()
    assert loss == 0
    assert accuracy == 0.5
    assert (patches.grad == 0).all()


def test_both_maps_come_at_the_fine_ones_size():
    generator = torch.Generator().manual_seed(1)
    fine, coarse = torch.randn(2, 3, 8, 8, generator=generator), torch.randn(2, 4, 4, 4, generator=generator)
    pooled, coarser, both = patch_maps(fine, coarse)
    assert both.shape == (2, 7, 9, 9)
    assert torch.equal(both[:, :3], pooled)
    expected = (fine[0, 1, 2, 3] + fine[0, 1, 2, 4] + fine[0, 1, 3, 3] + fine[0, 1, 3, 4]) / 4
    assert pooled[0, 1, 3, 4] == pytest.approx(expected.item(), abs=1e-6)
    assert coarser[0, 0, 4, 4] == pytest.approx(coarse[0, 0, 3, 3].item() / 4, abs=1e-6)  # beyond the border are zeros
    corners = both[:, 3:, ::2, ::2]
    assert torch.allclose(corners, coarser, atol=1e-6)  # a corner of coarse cells is a corner of fine ones
