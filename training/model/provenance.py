"""Provenance of a model: its data, and the models that it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
"""A JSON object of a model file."""


@dataclass(frozen=True)
class TrainedOn:
    """A dataset that a model was trained on."""

    name: str
    root: str | list[str]
    """Folder of the train split; several folders of one dataset are listed."""
    evaluation_root: str
    layout: str
    train_images: int
    augment: Document | None
    """Settings of the augmentation; None: no augmentation."""
    evaluation_layout: str | None = None
    """This and the fields below are None in files of before they were recorded."""
    validation_fraction: float | None = None
    split_seed: int | None = None
    good: str | None = None
    mask_rule: str | None = None
    """None: the layout's own rule."""
    white_level: int | None = None
    """The value of white in 16-bit images; None: 65535."""
    region: Document | None = None
    """Name, file and sha256 of the region of interest; None: the whole image."""

    def document(self) -> Document:
        """Return the fields as a model file has them."""
        return dict(vars(self))


@dataclass(frozen=True)
class Parent:
    """A model that another one was made from."""

    path: str
    features_sha256: str
    provenance: Provenance
    """Provenance in the parent's own file."""

    def document(self) -> Document:
        """Return the fields as a model file has them."""
        return {**vars(self), "provenance": self.provenance.document()}


@dataclass(frozen=True)
class Provenance:
    """The origin of a coreset."""

    kind: str
    """train, finetune, update, meld or forget."""
    datasets: tuple[TrainedOn, ...]
    parents: tuple[Parent, ...] = ()
    tree_fan_in: int | None = None
    """Number of coresets that each step of a meld took; None: all at once, or no meld."""
    forgotten: Document | None = None
    """The request to ``training.forget`` and the parent's members that it dropped; None for other kinds."""

    @property
    def white_level(self) -> int | None:
        """The value of white in the 16-bit images that the model was made from; a meld has its first parent's."""
        if self.datasets:
            return self.datasets[-1].white_level
        return self.parents[0].provenance.white_level if self.parents else None

    @property
    def region(self) -> Document | None:
        """The region of interest that the model was made within; a meld has its first parent's. None: whole images."""
        if self.datasets:
            return self.datasets[-1].region
        return self.parents[0].provenance.region if self.parents else None

    def document(self) -> Document:
        """Return the provenance as a model file has it.

        Only a meld records ``tree_fan_in``, only a forgetting ``forgotten``.
        """
        return {
            "kind": self.kind,
            "datasets": [dataset.document() for dataset in self.datasets],
            "parents": [parent.document() for parent in self.parents],
            **({"tree_fan_in": self.tree_fan_in} if self.kind == "meld" else {}),
            **({"forgotten": self.forgotten} if self.kind == "forget" else {}),
        }


def read_provenance(document: Mapping[str, Any]) -> Provenance:
    """Return the provenance in a document that matches ``conf/schemas/coreset.schema.json``."""
    return Provenance(
        kind=document["kind"],
        datasets=tuple(TrainedOn(**dataset) for dataset in document["datasets"]),
        parents=tuple(
            Parent(parent["path"], parent["features_sha256"], read_provenance(parent["provenance"]))
            for parent in document["parents"]
        ),
        tree_fan_in=document.get("tree_fan_in"),
        forgotten=document.get("forgotten"),
    )
