import numpy as np
import pytest
import torch

from scripts.figures.formula_pictures import GAP, RED, drawn_sheet
from scripts.training_steps import composed_config
from training.formula_images.draw import Episodes
from training.formula_images.formulas import draw_formulas
from training.formula_images.pictures import Chances, draw_pictures
from training.support.user_error import UserError

SIZE = 64
SETTINGS = [
    f"pretrain.size={SIZE}",
    "pretrain.episodes.sound=1",
    "pretrain.episodes.flawed=2",
    "pretrain.chances.flawed=0.9",
]


def test_the_sheet_shows_the_pretraining_s_pictures_product_by_product():
    sheet = drawn_sheet(3, 5, SETTINGS)
    step = SIZE + GAP
    assert sheet.shape == (3 * step - GAP, 5 * step - GAP, 3)
    chances = composed_config("pretrain", *SETTINGS).pretrain.chances
    pictures = draw_pictures(
        *(draw_formulas(1000, 0, torch.device("cpu")), Episodes(3, 1, 2, 0.15), SIZE, Chances(**chances)),
        torch.Generator().manual_seed(5),
    )
    expected = (pictures.pixels * 255).round().byte().permute(0, 2, 3, 1).numpy()
    for row in range(3):
        for column in range(3):
            tile = sheet[row * step : row * step + SIZE, column * step : column * step + SIZE]
            assert np.array_equal(tile, expected[row + 3 * column])
        for column in (1, 2):
            left = (column + 2) * step
            outlined = sheet[row * step : row * step + SIZE, left : left + SIZE]
            changed = (outlined != expected[row + 3 * column]).any(2)
            assert changed.any()
            assert (outlined[changed] == RED).all()
            assert (pictures.flaw[row + 3 * column].numpy()[changed] > 0).all()


def test_an_unknown_setting_is_the_user_s_mistake():
    with pytest.raises(UserError, match=r"pretrain\.sise"):
        drawn_sheet(1, 0, ["pretrain.sise=64"])
