"""The table that `datasets.load_dataset("imagefolder")` reads (metadata.jsonl): a line for each picture."""

import json

from .contents import Contents

METADATA = "metadata.jsonl"


def image_folder_lines(contents: Contents) -> bytes:
    """Return the lines: picture, mask and instances under the names that the loader knows, labels, and identity.

    JSON lines and not CSV, in which the loader would read sample 000000 as the number 0.
    """
    lines = []
    for row in contents.samples:
        line = {
            "file_name": row["image"],
            "mask_file_name": row["mask"] or None,
            "instances_file_name": row["instances"] or None,
            "sample_id": row["sample_id"],
            "split": row["split"],
            "defective": contents.is_defective(row["sample_id"]),
            "classes": contents.classes_of[row["sample_id"]],
            "plate_id": row["plate_id"],
            "light": row["light"],
        }
        lines.append(json.dumps(line, ensure_ascii=False))
    return ("\n".join(lines) + "\n").encode()
