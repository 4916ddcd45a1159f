"""An imported job beside the panel: contents that the panel cannot hold stay with the scene and are exported again.

Three jobs meet: the `imported` one, the panel's own job right `after` the import, and the panel's job `now`. What
differs between the last two is a change of the artist; everything else is the imported job's.
"""

from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]
SPLITS, PLATES = "splits", "plates"
SCALARS = {"triplets": "each picture also clean", "preset_spread": "looks of varying size"}


def merged(imported: Document, after: Document, now: Document) -> Document:
    """Return the imported job with the artist's changes since the import."""
    result = {}
    for key in [*imported, *(key for key in now if key not in imported)]:
        if key in now and (key not in after or now[key] != after[key]):
            result[key] = _changed(key, imported.get(key), after.get(key), now[key])
        elif key in imported and (key in now or key not in after):
            result[key] = imported[key]
    return result


def _changed(key: str, imported: Any, after: Any, now: Any) -> Any:
    if key == SPLITS and imported is not None and after is not None:
        return _merged_splits(imported, after, now)
    if all(isinstance(each, dict) for each in (imported, after, now)):
        return merged(imported, after, now)
    return now


def _merged_splits(imported: list[Document], after: list[Document], now: list[Document]) -> list[Document]:
    """Apply changes of the panel's splits, one for each name, to the imported splits, which may be several."""
    before, wanted = ({split["name"]: split for split in splits} for splits in (after, now))
    result = [dict(split) for split in imported if split["name"] in wanted or split["name"] not in before]
    for name, split in wanted.items():
        same = [each for each in result if each["name"] == name]
        if not same:
            result.append(split)
            continue
        old = before.get(name, {**split, PLATES: 0})
        for key, value in split.items():
            if key == PLATES:
                _add_plates(same, value - old[PLATES])
            elif value != old.get(key):
                concerned = same if isinstance(value, bool) else [each for each in same if any(each.get(key, ()))]
                for each in concerned or same[-1:]:
                    each[key] = value
    return result


def _add_plates(splits: list[Document], more: int) -> None:
    """Add plates to the last split, or take plates away from the last ones."""
    for split in reversed(splits):
        before = split[PLATES]
        split[PLATES] = max(before + more, 0)
        more -= split[PLATES] - before


def kept_words(imported: Document, after: Document) -> list[str]:
    """Return in words, one line for each, what the imported job holds that the panel does not show."""
    words = list(_splits_words(imported[SPLITS], after[SPLITS]))
    if looks := imported.get("stain_presets"):
        words.append("looks: " + ", ".join(look["preset"].replace("_", " ") for look in looks))
    words += [said for key, said in SCALARS.items() if imported.get(key)]
    if len(set(imported["seeds"].values())) > 1:
        words.append("several seeds")
    for key in ("stain_renderer", "labels"):
        if imported.get(key):
            words.append(f"{key.replace('_', ' ')}: {_plain(imported[key])}")
    for key, part in imported.items():
        if isinstance(part, dict) and key not in {"seeds", "labels", "grid", "image"}:
            shown = after.get(key, {})
            ranges = [name for name, value in part.items() if isinstance(value, list) and value != shown.get(name)]
            if ranges:
                words.append(f"{key.replace('_', ' ')}: {len(ranges)} range{'s' if len(ranges) > 1 else ''}")
    return words


def _splits_words(imported: list[Document], after: list[Document]) -> Iterator[str]:
    names = [split["name"] for split in imported]
    if any(split.get("sides", 1) > 1 for split in imported):
        yield "both sides of the plates"
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{names.count(name)} groups of {name} plates"
    if any(isinstance(value, list) and value[0] > 0 for split in imported for value in split.values()):
        yield "least numbers of defects on a plate"
    shown = {split["name"]: split for split in after}
    if any(split["water_stains"] != shown.get(split["name"], split)["water_stains"] for split in imported):
        yield "stains in some splits only"


def _plain(value: Any) -> str:
    return ", ".join(f"{key} {each}" for key, each in value.items()) if isinstance(value, dict) else str(value)
