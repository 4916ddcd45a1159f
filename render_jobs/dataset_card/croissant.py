"""The Croissant description of a dataset folder (croissant.json): files, tables, pictures and classes.

Croissant is a JSON-LD vocabulary of MLCommons. This module needs the standard library only; mlcroissant checks and
reads the file.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from .contents import INSTANCES, SAMPLES, SPLITS, Contents

CONTEXT = Path(__file__).with_name("croissant_context.json")
CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
TEXT, INTEGER, IMAGE = "sc:Text", "sc:Integer", "sc:ImageObject"
FOLDERS = {"image": "images", "mask": "masks", "instances": "instances"}
_SAMPLE_FIELDS = dict.fromkeys(("sample_id", "split", "image", "mask", "instances", "light", "plate_id"), TEXT)
_INSTANCE_FIELDS = {"sample_id": TEXT, "instance_id": INTEGER, "class": TEXT, "pixel_area": INTEGER}
_MEANING = {
    "image": "a picture",
    "mask": "class ids of its pixels; 255: ignored",
    "instances": "instance ids of its pixels, counted from 1; 0: none",
}
_FORMATS = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".bmp": "image/bmp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
    ".jp2": "image/jp2",
}


def croissant(contents: Contents, summary: str, licence: str | None) -> dict[str, Any]:
    """Return the Croissant document of a dataset folder. ``licence`` is a name or an address; None leaves it out."""
    described = contents.description
    document: dict[str, Any] = {
        "@context": json.loads(CONTEXT.read_text(encoding="utf-8")),
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": described["name"],
        "description": summary,
    }
    if licence is not None:
        document["license"] = licence
    tables = [name for name in (SAMPLES, INSTANCES) if (contents.folder / name).exists()]
    parts = [part for part in FOLDERS if any(row[part] for row in contents.samples)]
    document["distribution"] = [_table(contents.folder / name) for name in tables]
    document["distribution"] += [_pictures(part, contents) for part in parts]
    document["recordSet"] = [_classes(contents), _splits(), _rows("samples", SAMPLES, _SAMPLE_FIELDS)]
    if INSTANCES in tables:
        document["recordSet"].append(_rows("instances", INSTANCES, _INSTANCE_FIELDS))
    document["recordSet"] += [_content(part) for part in parts if part != "instances"]
    return document


def _table(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {
        "@type": "cr:FileObject",
        "@id": path.name,
        "name": path.name,
        "contentUrl": path.name,
        "contentSize": f"{len(content)} B",
        "encodingFormat": "text/csv",
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _pictures(part: str, contents: Contents) -> dict[str, Any]:
    suffixes = sorted({Path(row[part]).suffix.lower() for row in contents.samples if row[part]})
    folders = sorted({Path(row[part]).parent.as_posix() for row in contents.samples if row[part]})
    return {
        "@type": "cr:FileSet",
        "@id": _set_of(part),
        "name": _set_of(part),
        "description": f"{_MEANING[part]} each",
        "encodingFormat": [_FORMATS.get(suffix, "application/octet-stream") for suffix in suffixes],
        "includes": [f"{folder}/*" for folder in folders],
    }


def _content(part: str) -> dict[str, Any]:
    """Return the record set of a kind of picture: its file's name and its pixels.

    mlcroissant reads all pixels as RGB of 8 bit: right for pictures and class ids, wrong for instance ids of 16 bit.
    """
    name, files = f"{part}_content", {"fileSet": {"@id": _set_of(part)}}
    fields = [
        _field(name, "file", TEXT, {**files, "extract": {"fileProperty": "filename"}}),
        _field(name, "content", IMAGE, {**files, "extract": {"fileProperty": "content"}}),
    ]
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "description": _MEANING[part], "field": fields}


def _set_of(part: str) -> str:
    return f"{FOLDERS[part]}_files"


def _rows(name: str, table: str, fields: dict[str, str]) -> dict[str, Any]:
    of_column = [
        _field(name, column, kind, {"fileObject": {"@id": table}, "extract": {"column": column}})
        for column, kind in fields.items()
    ]
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "description": f"rows of {table}", "field": of_column}


def _classes(contents: Contents) -> dict[str, Any]:
    name = "classes"
    data = [
        {f"{name}/id": entry["id"], f"{name}/name": entry["name"], f"{name}/kind": entry["kind"]}
        for entry in contents.description["classes"]
    ]
    fields = [_field(name, "id", INTEGER), _field(name, "name", TEXT), _field(name, "kind", TEXT)]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": "background, defects (must be found) and impurities (must raise no alarm)",
        "key": {"@id": f"{name}/id"},
        "field": fields,
        "data": data,
    }


def _splits() -> dict[str, Any]:
    name = "splits"
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "dataType": "cr:Split",
        "key": {"@id": f"{name}/name"},
        "field": [_field(name, "name", TEXT)],
        "data": [{f"{name}/name": split} for split in SPLITS],
    }


def _field(record_set: str, name: str, kind: str, source: dict[str, Any] | None = None) -> dict[str, Any]:
    field: dict[str, Any] = {"@type": "cr:Field", "@id": f"{record_set}/{name}", "name": name, "dataType": kind}
    return field if source is None else {**field, "source": source}
