"""Peak memory of training on images under several names."""

from scripts.benchmarks.memory import Training, idle_memory, peak_memory


def test_training_on_more_names_than_files_needs_more_memory_than_its_libraries(tmp_path):
    settings = ["extractor=squeezenet1_1", "extractor.weights=random", "coreset.size=16"]
    peak = peak_memory(Training(images=5, side=(96, 128), different=2, epochs=1), tmp_path, 0, settings)
    assert len(list((tmp_path / "train" / "good").iterdir())) == 5
    assert peak > idle_memory()
