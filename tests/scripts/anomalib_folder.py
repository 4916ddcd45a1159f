"""Load an MVTec-layout folder with anomalib's Folder, in anomalib's environment; print (name, label, mask area)."""

import json
import sys
from pathlib import Path

from anomalib.data import Folder

root = Path(sys.argv[1])
defects = sorted(path.name for path in (root / "test").iterdir() if path.name != "good")
data = Folder(
    name="plates",
    root=root,
    normal_dir="train/good",
    normal_test_dir="test/good",
    abnormal_dir=[f"test/{name}" for name in defects],
    mask_dir=[f"ground_truth/{name}" for name in defects],
    val_split_mode="none",
    test_split_mode="from_dir",
    num_workers=0,
)
data.setup()


def listed(items):
    """Return name, label and mask area of every item, sorted."""
    found = []
    for item in items:
        area = 0 if item.gt_mask is None else int((item.gt_mask > 0).sum())
        found.append([Path(item.image_path).name, int(item.gt_label), area])
    return sorted(found)


print(json.dumps({"train": listed(data.train_data), "test": listed(data.test_data)}))
