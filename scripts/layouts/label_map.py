"""The mapping of labels to classes: the YAML file that import_labelme.py reads."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

from training.data.sample import IGNORE_ID, DefectClass
from training.support.user_error import UserError

DEFAULT = Path(__file__).parents[1] / "plate_labels.yaml"
BACKGROUND = DefectClass(0, "background", "background", (0, 0, 0))
_KEYS = {"classes", "line_width", "point_width", "plate", "ignored", "edge_pixels", "path_pattern"}
_CLASS_KEYS = {"kind", "colour", "spellings", "line_width", "point_width"}


@dataclass(frozen=True)
class LabelMap:
    """Spellings of classes, of the plate and of ignored shapes; widths are in pixels, by class id."""

    file: Path
    classes: tuple[DefectClass, ...]
    ids: dict[str, int]
    plate: frozenset[str]
    ignored: frozenset[str]
    line_widths: dict[int, float]
    point_widths: dict[int, float]
    edge_pixels: int
    path_pattern: re.Pattern[str]
    pattern_of: str = ""
    """The option that gave the pattern, if it is not from the file."""

    def knows(self, label: str) -> bool:
        """Return whether the label belongs to a class, the plate or an ignored shape."""
        plain = spelling(label)
        return plain in self.ids or plain in self.plate or plain in self.ignored

    def plate_and_view(self, path: str) -> tuple[str, str]:
        """Return the plate and the view of an image, from its path below the imported folder.

        Raises UserError if the path does not contain the plate.
        """
        found = self.path_pattern.search(path)
        named = found.groupdict() if found else {}
        plate = named.get("plate") if "plate" in named else found and found[1]
        if found is None or not plate:
            raise UserError(
                f"{path} does not contain its plate: {self.pattern_of or f'path_pattern of {self.file}'} is "
                f"{self.path_pattern.pattern}"
            )
        return plate, named.get("view") or ""


def spelling(label: str) -> str:
    """Return a label without case, spaces, dashes and underscores, which do not matter."""
    return re.sub(r"[\s_-]+", "", label).casefold()


def read_label_map(path: Path) -> LabelMap:
    """Read a mapping. Raises UserError for a file that is missing, malformed, or maps a spelling twice."""
    try:
        settings: Any = OmegaConf.to_container(OmegaConf.load(path))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except (YAMLError, OmegaConfBaseException) as error:
        raise UserError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    try:
        return _label_map(path, settings)
    except (KeyError, TypeError, ValueError, AttributeError, re.error) as error:
        raise UserError(f"{path} is not a mapping of labels ({error}); see {DEFAULT}") from error


def _label_map(path: Path, settings: dict[str, Any]) -> LabelMap:
    _only(path, settings, _KEYS)
    classes = [BACKGROUND]
    ids: dict[str, int] = {}
    line_widths: dict[int, float] = {}
    point_widths: dict[int, float] = {}
    for class_id, (name, entry) in enumerate(settings["classes"].items(), start=1):
        _only(path, entry, _CLASS_KEYS)
        red, green, blue = (int(value) for value in entry["colour"])
        if entry["kind"] not in ("defect", "impurity") or class_id >= IGNORE_ID:
            raise ValueError(f"class {name}: kind must be defect or impurity, and at most 254 classes")
        classes.append(DefectClass(class_id, str(name), entry["kind"], (red, green, blue)))
        for text in (name, *entry.get("spellings", [])):
            if ids.setdefault(spelling(str(text)), class_id) != class_id:
                raise ValueError(f"{text!r} is a spelling of two classes")
        line_widths[class_id] = float(entry.get("line_width", settings["line_width"]))
        point_widths[class_id] = float(entry.get("point_width", settings["point_width"]))
    plate, ignored = (frozenset(spelling(str(text)) for text in settings[key]) for key in ("plate", "ignored"))
    if (plate | ignored) & set(ids) or plate & ignored:
        raise ValueError("a spelling is both a class's and the plate's or an ignored one")
    pattern = re.compile(settings["path_pattern"])
    if "plate" not in pattern.groupindex:
        raise ValueError("path_pattern has no group (?P<plate>...)")
    edge = int(settings["edge_pixels"])
    return LabelMap(path, tuple(classes), ids, plate, ignored, line_widths, point_widths, edge, pattern)


def _only(path: Path, entry: dict[str, Any], known: set[str]) -> None:
    unknown = set(entry) - known
    if unknown:
        raise UserError(f"{path}: unknown key {min(unknown)!r}; known are {', '.join(sorted(known))}")
