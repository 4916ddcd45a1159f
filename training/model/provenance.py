"""Provenance of a model: its data, and the models that it was made from."""

from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
"""A JSON object of a model file."""


@dataclass(frozen=True)
class Parent:
    """A model that another one was made from; ``provenance`` is its own, as in its file."""

    path: str
    features_sha256: str
    provenance: Document


@dataclass(frozen=True)
class Provenance:
    """The origin of a coreset."""

    kind: str
    """train, finetune, update or meld."""
    datasets: tuple[Document, ...]
    """Name, folders, layout, number of train images and augmentation of each dataset."""
    parents: tuple[Parent, ...] = ()

    def document(self) -> Document:
        """Return the provenance as a model file has it."""
        return {
            "kind": self.kind,
            "datasets": list(self.datasets),
            "parents": [vars(parent) for parent in self.parents],
        }


def recorded_white_level(provenance: Document) -> int | None:
    """Return the value of white in the 16-bit images that a model was made from; None for 65535.

    A meld has that of its first parent.
    """
    if provenance.get("datasets"):
        level = provenance["datasets"][-1].get("white_level")
        return None if level is None else int(level)
    parents = provenance.get("parents")
    return recorded_white_level(parents[0]["provenance"]) if parents else None


def parent_of(path: str, metadata: Document) -> Parent:
    """Return the parent at ``path`` with the metadata of its model file."""
    return Parent(path, metadata["features_sha256"], metadata["provenance"])
