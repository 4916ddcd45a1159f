"""The README.md of a dataset folder: pictures, classes, counts, licence, and how to read it."""

import json

from .contents import SPLITS, Contents
from .image_folder import METADATA

NOT_STATED = "Not stated. Whoever gives the dataset away states it: `stainless card FOLDER --licence CC-BY-4.0`."


def readme(contents: Contents, summary: str, licence: str | None, strip: str) -> str:
    """Return the page in Markdown. ``strip`` is the file of the contact strip, ``licence`` a name or an address."""
    described = contents.description
    front = [f"pretty_name: {json.dumps(described['name'], ensure_ascii=False)}"]
    front += [f"license: {json.dumps(licence.lower())}"] if licence else []
    front += ["task_categories: [image-segmentation]", "tags: [anomaly-detection, surface-inspection]"]
    lines = ["---", *front, "---", "", f"# {described['name']}", "", summary, ""]
    if strip:
        lines += [f"![Pictures and their class masks]({strip})", "", "*Pictures, and their class masks below.*", ""]
    lines += ["## Images", "", "| split | images | with a defect |", "|---|---|---|", *_split_rows(contents), ""]
    lines += ["## Classes", "", "| id | class | kind | instances | images |", "|---|---|---|---|---|"]
    lines += [*_class_rows(contents), ""]
    lines += [
        "*Defects* must be found. *Impurities* must raise no alarm.",
        f"Mask value {described['ignore_id']}: pixels that count nowhere.",
        "",
        "## Reading it",
        "",
        "```python",
        'load_dataset("imagefolder", data_dir="FOLDER", split="train", filters=[("split", "==", "test")])  # datasets',
        'mlcroissant.Dataset("FOLDER/croissant.json").records("samples")',
        'open_stainless(Path("FOLDER"))  # training.data.stainless_layout',
        "```",
        "",
        f"The loader `imagefolder` reads `{METADATA}`. It takes everything as one split, `train`; the column",
        '`split` has the real one. If file names hold words such as "test", add `data_files="metadata.jsonl"`.',
        "",
        "## Origin",
        "",
        *_origin(contents),
        "",
        "## Licence",
        "",
        licence or NOT_STATED,
        "",
    ]
    return "\n".join(lines)


def summary_of(contents: Contents) -> str:
    """Return one sentence: number of images, their size, and the origin."""
    size = contents.description["image_size"]
    pixels = f" of {size['width']} x {size['height']} pixels" if size else ""
    made = "rendered in Blender" if contents.description["blender"] else "imported"
    return f"{len(contents.samples)} images{pixels} for surface inspection, {made}, with class and instance masks."


def _split_rows(contents: Contents) -> list[str]:
    rows = []
    for split in SPLITS:
        names = [row["sample_id"] for row in contents.samples if row["split"] == split]
        rows.append(f"| {split} | {len(names)} | {sum(map(contents.is_defective, names))} |")
    return rows


def _class_rows(contents: Contents) -> list[str]:
    rows = []
    for entry in sorted(contents.description["classes"], key=lambda entry: int(entry["id"])):
        name = entry["name"]
        if name not in contents.kinds:
            continue
        instances = sum(row["class"] == name for row in contents.instances)
        images = sum(name in names for names in contents.classes_of.values())
        shown = name.replace("|", "\\|")
        rows.append(f"| {entry['id']} | {shown} | {entry['kind']} | {instances} | {images} |")
    return rows


def _origin(contents: Contents) -> list[str]:
    described = contents.description
    lines = [f"- written by {described['generator']}"]
    if described["blender"]:
        lines.append(f"- rendered in Blender {described['blender']}; the whole job is in `dataset.json`")
    if described["metres_per_pixel"]:
        lines.append(f"- {1e6 * described['metres_per_pixel']:.4g} micrometres per pixel on the plate")
    if described["seeds"]:
        lines.append("- seeds: " + ", ".join(f"{name} {value}" for name, value in described["seeds"].items()))
    return lines
