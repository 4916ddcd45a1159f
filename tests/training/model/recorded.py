"""Model files whose record is a plain document, as it stands in the file's header."""

from training.model.file import load_model, save_model
from training.model.record import read_record


def load_document(path):
    """Return features and the record as a document."""
    features, record = load_model(path)
    return features, {**record.document(), "features_sha256": record.features_sha256}


def save_document(path, features, document) -> None:
    """Write a model file with the record of a document."""
    save_model(path, features, read_record({"features_sha256": "", **document}))
