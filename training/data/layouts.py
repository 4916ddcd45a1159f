"""The layouts of dataset folders: one table, and the recognition of a folder's layout."""

from collections.abc import Callable
from pathlib import Path

from training.data.file_identity import is_hidden
from training.data.folder_classes import LayoutOptions
from training.data.kolektor_layout import open_kolektor
from training.data.mvtec_ad_2_layout import PUBLIC, open_mvtec_ad_2
from training.data.mvtec_layout import open_mvtec_layout
from training.data.sample import Dataset
from training.data.stainless_layout import open_stainless
from training.data.visa_layout import TABLE, open_visa
from training.support.user_error import UserError

LAYOUTS: dict[str, Callable[[Path, LayoutOptions], Dataset]] = {
    "stainless": lambda root, _options: open_stainless(root),
    "mvtec": open_mvtec_layout,
    "mvtec_ad_2": open_mvtec_ad_2,
    "visa": open_visa,
    "kolektor": open_kolektor,
}


def recognised(root: Path) -> tuple[str, str]:
    """Return the layout of a folder, and the name of its folders of nominal images.

    Raises UserError if the folder is in none of the layouts.
    """
    if not root.is_dir():
        raise UserError(f"no dataset at {root}: there is no such folder")
    good = next((name for name in ("good", "ok") if (root / "train" / name).is_dir()), "good")
    if (root / "dataset.json").is_file():
        return "stainless", good
    if (root / PUBLIC).is_dir():
        return "mvtec_ad_2", good
    if (root / "Data" / "Images").is_dir() and any((at / TABLE).is_file() for at in (root, root.parent)):
        return "visa", good
    if (root / "train" / good).is_dir() or ((root / "test").is_dir() and (root / "ground_truth").is_dir()):
        return "mvtec", good
    if any(not is_hidden(path.name) for pattern in ("*_label.*", "*_GT.*") for path in root.glob(f"*/{pattern}")):
        return "kolektor", good
    raise UserError(f"{root} is in none of the layouts {', '.join(LAYOUTS)}; name one with --layout")
