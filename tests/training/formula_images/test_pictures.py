import math

import numpy as np
import pytest
import torch

from training.formula_images.camera import photographed
from training.formula_images.damage import KINDS, STAIN, damaged
from training.formula_images.draw import Episodes, log_uniform
from training.formula_images.formulas import colours, draw_formulas
from training.formula_images.lighting import lit
from training.formula_images.pictures import Chances, draw_pictures
from training.formula_images.textures import FAMILIES, NUMBERS, cellular, height_fields

CPU = torch.device("cpu")


def generator(seed):
    return torch.Generator().manual_seed(seed)


def test_formulas_are_fixed_by_the_seed_and_of_all_families_in_turn():
    first, again, other = draw_formulas(50, 4, CPU), draw_formulas(50, 4, CPU), draw_formulas(50, 5, CPU)
    for values, same in zip(first, again, strict=True):
        assert torch.equal(values, same)
    assert not torch.equal(first.numbers, other.numbers)
    assert torch.bincount(first.families).tolist() == [5] * 6 + [4] * 5
    assert ((first.numbers >= 0) & (first.numbers < 1)).all()


def test_colours_have_mean_one_and_the_asked_share_is_grey():
    drawn = colours(5000, 0.4, generator(2))
    assert (drawn >= 0).all()
    assert ((drawn.mean(1) - 1).abs() < 1e-5).float().mean() > 0.998
    assert (drawn == 1).all(1).float().mean() == pytest.approx(0.4, abs=0.03)
    assert (drawn.max(1).values - drawn.min(1).values > 1).float().mean() > 0.05


def test_every_family_gives_a_finite_standard_height_field():
    families = torch.arange(len(FAMILIES)).repeat_interleave(3)
    numbers = torch.rand(len(families), NUMBERS, generator=generator(0))
    fields = height_fields(families, numbers, generator(1), 64)
    assert torch.isfinite(fields).all()
    np.testing.assert_allclose(fields.mean((1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(fields.std((1, 2)), 1, atol=1e-3)


def test_two_pictures_of_one_formula_share_statistics_not_pixels():
    formulas = draw_formulas(11, 0, CPU)
    first, second = (height_fields(formulas.families, formulas.numbers, generator(seed), 64) for seed in (1, 2))
    assert ((first - second).abs().mean((1, 2)) > 0.05).all()

    def roughness(fields):
        return (fields[:, 1:] - fields[:, :-1]).std((1, 2))

    between = roughness(first)[:, None] / roughness(first)[None, :]
    within = (roughness(first) / roughness(second)).log().abs().median()
    assert within < 0.5 * between.log().abs().median()


def test_cells_are_those_of_the_nearest_of_periodic_points():
    numbers = torch.tensor([[0.0, 0.9, 0.5, 0.1, 0, 0, 0, 0]])  # domes: minus the distance to the nearest point
    size = 32
    field = cellular(numbers, generator(3), size)[0].numpy()
    draws = generator(3)
    side = 0.1 * 6**0.9 * size * math.sqrt(32)
    points = []
    for _ in range(32):
        points.append(torch.rand(2, 1, generator=draws)[:, 0].numpy() * side)
        torch.randn(1, generator=draws)
    expected = np.empty((size, size))
    for row in range(size):
        for column in range(size):
            x, y = column - (size - 1) / 2, row - (size - 1) / 2
            expected[row, column] = -min(
                math.hypot(x - px - i * side, y - py - j * side)
                for px, py in points
                for i in (-2, -1, 0, 1)
                for j in (-2, -1, 0, 1)
            )
    expected = (expected - expected.mean()) / expected.std(ddof=1)
    np.testing.assert_allclose(field, expected, atol=1e-4)


def test_damage_changes_only_what_it_labels_as_damaged_by_stains():
    height = torch.zeros(64, 48, 48)
    grey = torch.ones(64, 3, 48, 48)
    damage = damaged(height, grey, (height, grey), 0.5, generator(5))
    labelled = damage.kind > 0
    assert damage.kind.unique().tolist() == list(range(KINDS))
    strongly = ((damage.colour - 1).abs() > 0.3).any(1)  # a scratch's shade has fallen below half beyond its groove
    assert (strongly & ~labelled).float().mean() < 0.001
    assert (damage.colour != 1).any(1)[damage.kind == STAIN].all()


def test_no_damage_leaves_the_surface_as_it_is():
    height = torch.randn(4, 32, 32, generator=generator(1))
    colour = torch.rand(4, 3, 32, 32, generator=generator(3))
    damage = damaged(height, colour, (-height, 1 - colour), 0.0, generator(2))
    assert torch.equal(damage.height, height)
    assert torch.equal(damage.colour, colour)
    assert (damage.kind == 0).all()


def test_a_flat_matt_surface_is_lit_by_the_sine_of_the_elevation():
    flat = torch.zeros(6, 16, 16)
    light = lit(flat, torch.ones_like(flat), flat, generator(7))
    draws = generator(7)
    torch.rand(6, generator=draws)  # azimuths
    elevation = 0.25 + 1.15 * torch.rand(6, generator=draws)
    np.testing.assert_allclose(light, elevation.sin()[:, None, None].expand(6, 16, 16), rtol=1e-5)


def test_pictures_have_eight_bits_and_the_truth_of_every_pixel():
    formulas = draw_formulas(22, 0, CPU)
    episodes = Episodes(3, sound=1, flawed=2, jitter=0.1)
    pictures = draw_pictures(formulas, episodes, 64, Chances(0.4, 0.4, 0.9, 0.5), generator(1))
    again = draw_pictures(formulas, episodes, 64, Chances(0.4, 0.4, 0.9, 0.5), generator(1))
    for values, same in zip(pictures, again, strict=True):
        assert torch.equal(values, same)
    assert pictures.pixels.shape == (9, 3, 64, 64)
    assert pictures.fields.shape == (9, 3, 64, 64)
    levels = pictures.pixels * 255
    assert torch.equal(levels.round(), levels.clamp(0, 255).round())
    np.testing.assert_allclose(levels, levels.round(), atol=1e-4)
    assert all(1 <= len(formula.unique()) <= 2 for formula in pictures.formula)
    assert (pictures.flaw[:3] == 0).all()
    assert (pictures.flaw[3:] > 0).any(2).any(1).all()
    alone = draw_pictures(formulas, episodes, 64, Chances(0.0, 0.0, 0.0, 0.5), generator(1))
    assert all(len(formula.unique()) == 1 for formula in alone.formula)
    assert (alone.flaw == 0).all()


def test_pictures_of_an_episode_show_its_formulas():
    formulas = draw_formulas(2000, 0, CPU)
    pictures = draw_pictures(formulas, Episodes(4, 1, 2, 0.1), 64, Chances(1.0, 0.0, 0.3, 0.5), generator(3))
    shown = [set(formula.unique().tolist()) for formula in pictures.formula]
    for number in range(4):
        assert shown[number] == shown[number + 4] == shown[number + 8]
    assert len(set.union(*shown)) == 8


def test_products_hide_their_background_in_every_picture_that_they_reach():
    episodes = Episodes(6, 2, 1, 0.1)
    formulas = draw_formulas(2000, 0, CPU)
    pictures = draw_pictures(formulas, episodes, 64, Chances(0.0, 1.0, 0.0, 1.0), generator(4))
    shown = pictures.formula.unflatten(0, (3, 6)).transpose(0, 1)
    assert all(len(episode.unique()) == 2 for episode in shown)
    borders = (pictures.formula[:, :, 1:] != pictures.formula[:, :, :-1]).sum((1, 2))
    assert borders.max() <= 64 * 4  # an outline and a hole cross a row at most four times; irregular borders more often


@pytest.mark.parametrize("same_light", [0.0, 1.0])
def test_the_lamps_of_an_episode_stay_where_they_are(same_light, monkeypatch):
    lamps = []

    def recorded(height, relief, metal, draws):
        start = draws.get_state()
        lamps.extend(torch.rand(len(height), generator=draws).tolist())
        draws.set_state(start)
        return lit(height, relief, metal, draws)

    monkeypatch.setattr("training.formula_images.pictures.lit", recorded)
    chances = Chances(0.2, 0.4, 0.3, same_light)
    draw_pictures(draw_formulas(22, 0, CPU), Episodes(3, 1, 1, 0.1), 32, chances, generator(2))
    assert (lamps[:3] == lamps[3:]) == bool(same_light)


def test_episodes_hold_their_values_together():
    episodes = Episodes(500, 2, 1, jitter=0.1)
    values = episodes.drawn(generator(1), 1.0, 3.0).view(3, 500)
    assert values.min() >= 1
    assert values.max() <= 3
    assert (values.max(0).values - values.min(0).values).max() <= 2 * 0.1 * 2 + 1e-6
    assert values[0].std() == pytest.approx(2 / 12**0.5, rel=0.1)
    logarithmic = episodes.drawn(generator(1), 1.0, 3.0, logarithmic=True).view(3, 500)
    np.testing.assert_allclose(logarithmic.log() / math.log(3), (values - 1) / 2, atol=1e-5)


def test_the_camera_exposes_within_its_range():
    radiance = 5 + torch.rand(32, 3, 48, 48, generator=generator(1))
    pictures = photographed(radiance, Episodes(32, 0, 1, 0.0), generator(2))
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    means = pictures.mean((1, 2, 3))
    assert means.min() > 0.05
    assert means.max() < 0.95
    assert means.max() / means.min() > 2


def test_log_uniform_draws_have_the_mean_of_their_logarithm():
    values = log_uniform(generator(1), 20000, 0.1, 10.0)
    assert values.min() >= 0.1
    assert values.max() < 10.0
    assert values.log().mean() == pytest.approx(0, abs=0.05)
