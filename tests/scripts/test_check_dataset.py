"""The check pass: a corpus of bad and odd folders, each a right result or one clear line."""

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from scripts.check_dataset import main
from tests.eval.small_plates import write_dataset
from tests.training.data.mvtec_small import SIZE, defect, picture, write, write_folder

TRUTH = Path("ground_truth") / "scratch"
Change = Callable[[Path], object]


def mask(name: str, pixels: np.ndarray) -> Change:
    return lambda root: write(root / TRUTH / name, pixels)


def all_masks(pixels: np.ndarray) -> Change:
    return lambda root: [write(root / TRUTH / f"{number:03d}_mask.png", pixels) for number in range(4)]


def palette(root: Path) -> None:
    image = Image.fromarray(defect(1))
    image.putpalette([0, 0, 0, 128, 0, 0] + [0] * 762)
    image.save(root / TRUTH / "001_mask.png")


def alpha(root: Path) -> None:
    white = np.full((SIZE, SIZE), 255, np.uint8)
    write(root / TRUTH / "001_mask.png", np.dstack([white, white, white, defect()]))


def jpeg_masks(root: Path) -> None:
    for number in range(4):
        (root / TRUTH / f"{number:03d}_mask.png").unlink()
        write(root / TRUTH / f"{number:03d}.jpg", defect())


def other_suffix(root: Path) -> None:
    for number in range(4):
        (root / TRUTH / f"{number:03d}_mask.png").rename(root / TRUTH / f"{number:03d}_MASK.png")


def same_names(root: Path) -> None:
    for number in range(4):
        (root / TRUTH / f"{number:03d}_mask.png").rename(root / TRUTH / f"{number:03d}.png")


def half_webp(root: Path) -> None:
    for path in [*root.glob("train/good/00[01].png"), *root.glob("test/*/00[01].png")]:
        write(path.with_suffix(".webp"), cv2.imread(str(path)))
        path.unlink()


def nested(root: Path) -> None:
    for part in ("test/scratch", str(TRUTH)):
        (root / part / "camera 2").mkdir()
    shutil.move(root / "test/scratch/003.png", root / "test/scratch/camera 2/003.png")
    shutil.move(root / TRUTH / "003_mask.png", root / TRUTH / "camera 2/003_mask.png")


def two_pages(root: Path) -> None:
    (root / "train/good/000.png").unlink()
    pages = [Image.fromarray(picture(number)) for number in (0, 1)]
    pages[0].save(root / "train/good/000.tif", save_all=True, append_images=pages[1:])


def deep(highest: int) -> Change:
    def change(root: Path) -> None:
        for path in [*root.glob("train/good/*.png"), *root.glob("test/*/*.png")]:
            grey = cv2.imread(str(path), 0).astype(np.uint16)
            write(path, (grey.astype(float) / grey.max() * highest).astype(np.uint16))

    return change


def hidden(root: Path) -> None:
    for place in ("test/.ipynb_checkpoints/000.png", "train/good/._000.png", "test/scratch/.DS_Store", ".git/x.png"):
        (root / place).parent.mkdir(exist_ok=True)
        (root / place).write_bytes(b"\x00\x05\x16\x07")


def link(target: str, name: str) -> Change:
    return lambda root: (root / name).symlink_to(target if target.startswith("/") else root / target)


def write_bytes(name: str, content: bytes) -> Change:
    return lambda root: (root / name).write_bytes(content)


def cut(name: str, end: int) -> Change:
    return lambda root: (root / name).write_bytes((root / name).read_bytes()[:end])


def copied(source: str, target: str) -> Change:
    return lambda root: shutil.copy(root / source, root / target)


def removed(pattern: str) -> Change:
    return lambda root: [path.unlink() if path.is_file() else shutil.rmtree(path) for path in root.glob(pattern)]


def renamed(source: str, target: str) -> Change:
    return lambda root: shutil.move(root / source, root / target)


def transparent_and_coloured(root: Path) -> None:
    colours = np.dstack([defect(), np.flipud(defect()), defect()])
    write(root / TRUTH / "001_mask.png", np.dstack([colours, np.fliplr(defect())]))


def floats(root: Path) -> None:
    Image.fromarray(picture(0)[..., 0] / np.float32(255)).save(root / "train/good/000.tif")
    (root / "train/good/000.png").unlink()


GREY = np.full((SIZE, SIZE), 7, np.uint8)
LABELS = defect(1) + 2 * np.roll(defect(1), 12, axis=0) + 3 * np.roll(defect(1), 8, axis=1)
RED = np.dstack([np.zeros_like(defect()), np.zeros_like(defect()), defect()])
NOISE = np.random.default_rng(0).integers(0, 255, (SIZE, SIZE, 3), dtype=np.uint8)

SOUND, WARNS, REFUSED = 0, 1, 2
FULL = "3 images with 3 instances of scratch"
CASES: dict[str, tuple[Change, int, str]] = {
    # right as they are
    "nothing odd": (lambda _root: None, SOUND, FULL),
    "masks of 0 and 1": (all_masks(defect(1)), SOUND, FULL),
    "one mask of 0 and 1": (mask("001_mask.png", defect(1)), SOUND, FULL),
    "a mask of 0 and 128": (mask("001_mask.png", defect(128)), SOUND, FULL),
    "a mask of 16 bit": (mask("001_mask.png", defect(65535, dtype=np.uint16)), SOUND, FULL),
    "a mask of 16 bit, 0 and 1": (mask("001_mask.png", defect(1, dtype=np.uint16)), SOUND, FULL),
    "a palette mask": (palette, SOUND, FULL),
    "an alpha mask": (alpha, SOUND, FULL),
    "a red mask": (mask("001_mask.png", RED), SOUND, FULL),
    "a grey mask of three channels": (mask("001_mask.png", np.dstack([defect()] * 3)), SOUND, FULL),
    "a mask white all over": (mask("001_mask.png", np.full((SIZE, SIZE), 255, np.uint8)), SOUND, FULL),
    "masks named like the images": (same_names, SOUND, FULL),
    "masks named in capitals": (other_suffix, SOUND, FULL),
    "half of the images webp": (half_webp, SOUND, "11 images checked"),
    "nested folders": (nested, SOUND, "11 images checked"),
    "hidden files": (hidden, SOUND, "names with a leading dot"),
    "a link within": (link("train/good/000.png", "train/good/again.png"), SOUND, "other names of a file that counts"),
    "a link to a folder within": (link("train/good", "train/good/loop"), SOUND, "other names of a file"),
    "another kind of file": (
        write_bytes("train/good/readme.txt", b"hello"),
        SOUND,
        "no image that is read (train/good/readme",
    ),
    "16 bit that fill it": (deep(65535), SOUND, "bit depths: 16 (11)"),
    "a mask without an image": (mask("099_mask.png", defect()), SOUND, "masks without an image"),
    "no test folder": (removed("test"), WARNS, "train images alone"),
    "train images without a folder": (
        lambda r: (renamed("train/good", "t")(r), (r / "train").rmdir(), renamed("t", "train")(r)),
        SOUND,
        "4 images",
    ),
    # right, with a warning that names them
    "an empty mask": (mask("001_mask.png", defect(0)), WARNS, "ground_truth/scratch/001_mask.png"),
    "jpeg masks": (jpeg_masks, WARNS, "hold values between"),
    "a smoothed mask": (mask("001_mask.png", cv2.GaussianBlur(defect(), (0, 0), 1)), WARNS, "001_mask.png"),
    "12 bit": (deep(4000), WARNS, "dataset.white_level=4095"),
    "10 bit": (deep(1000), WARNS, "dataset.white_level=1023"),
    "several pages": (two_pages, WARNS, "train/good/000.tif (2)"),
    "the same pixels in train and test": (
        copied("train/good/000.png", "test/good/007.png"),
        WARNS,
        "train/good/000.png (train) = test/good/007.png",
    ),
    "the same pixels twice in train": (copied("train/good/000.png", "train/good/007.png"), WARNS, "twice in one split"),
    # not usable
    "a mask of labels": (mask("001_mask.png", LABELS), REFUSED, "001_mask.png has the values 0, 1, 2, 3"),
    "a mask of one odd value": (mask("001_mask.png", GREY), REFUSED, "001_mask.png has the values 7"),
    "a mask of 16 bit labels": (mask("001_mask.png", LABELS.astype(np.uint16)), REFUSED, "has the values 0, 1, 2, 3"),
    "a coloured mask": (mask("001_mask.png", NOISE), REFUSED, "colour image"),
    "colours and transparency": (transparent_and_coloured, REFUSED, "transparency vary"),
    "a mask of another size": (mask("001_mask.png", defect(size=SIZE + 1)), REFUSED, f"{SIZE + 1} x {SIZE + 1} pixels"),
    "a mask that is turned": (
        mask("001_mask.png", np.zeros((SIZE, SIZE + 4), np.uint8)),
        REFUSED,
        "but its image 001.png",
    ),
    "no mask": (removed(f"{TRUTH}/001_mask.png"), REFUSED, "has no mask"),
    "no masks at all": (removed("ground_truth"), REFUSED, "has no mask"),
    "two masks": (copied(f"{TRUTH}/001_mask.png", f"{TRUTH}/001.png"), REFUSED, "has two masks"),
    "a broken mask": (write_bytes(f"{TRUTH}/001_mask.png", b"broken"), REFUSED, "001_mask.png does not decode"),
    "a mask that is cut off": (cut(f"{TRUTH}/001_mask.png", 40), REFUSED, "001_mask.png does not decode"),
    "an empty file": (write_bytes("train/good/000.png", b""), REFUSED, "000.png does not decode"),
    "a text file named png": (write_bytes("train/good/000.png", b"hello"), REFUSED, "000.png does not decode"),
    "an image that is cut off": (cut("test/good/000.png", 500), REFUSED, "truncated or damaged"),
    "floats": (floats, REFUSED, "000.tif does not decode"),
    "two images of one name": (
        lambda r: write(r / "train/good/000.jpg", picture(9)),
        REFUSED,
        "two images are named 000",
    ),
    "a link that leads out": (link("/etc/hostname", "train/good/out.png"), REFUSED, "leads out of"),
    "a link to nothing": (link("train/good/gone.png", "train/good/out.png"), REFUSED, "does not exist"),
    "no good": (renamed("train/good", "train/fine"), REFUSED, "train/ has fine: set dataset.good=FOLDER"),
    "good in train only": (renamed("test/good", "test/ok"), REFUSED, "set dataset.good=ok"),
    "an empty train folder": (removed("train/good/*"), REFUSED, "no image in train/good"),
    "one train image alone": (
        lambda r: (removed("test")(r), removed("train/good/00[123].png")(r)),
        REFUSED,
        "one plate only",
    ),
}


@pytest.fixture
def run(capsys) -> Callable[..., tuple[int, str]]:
    def called(*arguments: object) -> tuple[int, str]:
        status = main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        assert all(line.startswith(("warning: ", "error: ")) for line in told.err.splitlines())
        return status, " ".join(told.out.split()) + "\n" + told.err

    return called


def contents(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", CASES)
def test_every_odd_folder_is_right_or_told_in_clear_lines(tmp_path, run, name):
    change, status, words = CASES[name]
    root = write_folder(tmp_path / "data")
    change(root)
    before = contents(root)
    found, told = run(root)
    assert words in told
    assert found == status
    assert ("error: " in told) == (status == REFUSED)
    assert contents(tmp_path) == before


def test_layouts_are_recognised(tmp_path, run):
    btad = write_folder(tmp_path / "btad", ".bmp", "ok", "ko")
    assert run(btad)[0] == SOUND
    assert "nominal folders named ok" in run(btad)[1]
    assert run(tmp_path / "none") == (REFUSED, f"\nerror: no dataset at {tmp_path / 'none'}: there is no such folder\n")
    status, told = run(
        write_dataset(tmp_path / "plates", ["train", "train", "validation", "validation", "test"], seed=1)
    )
    assert (status, "layout: stainless" in told) == (SOUND, True)
    assert "1 image with 1 instance of scratch, 1 image with 2 instances of water_stain" in told


def test_visa_takes_its_table_and_every_value_above_0(tmp_path, run):
    root, rows = tmp_path / "VisA" / "candle", ["object,split,label,image,mask"]
    for number in range(5):
        name = f"candle/Data/Images/Normal/{number:04d}.JPG"
        write(tmp_path / "VisA" / name, picture(number))
        rows.append(f"candle,{'train' if number < 3 else 'test'},normal,{name},")
    for number in range(3):
        image, of_mask = f"candle/Data/Images/Anomaly/{number:03d}.JPG", f"candle/Data/Masks/Anomaly/{number:03d}.png"
        write(tmp_path / "VisA" / image, picture(30 + number))
        write(tmp_path / "VisA" / of_mask, np.maximum(defect(2), np.roll(defect(5), 12, axis=0)))
        rows.append(f"candle,test,anomaly,{image},{of_mask}")
    table = tmp_path / "VisA" / "split_csv" / "1cls.csv"
    table.parent.mkdir()
    table.write_text("\n".join(rows) + "\n")
    status, told = run(root)
    assert (status, "layout: visa" in told) == (SOUND, True)
    assert "train: 3 images" in told
    assert "2 images with 4 instances of anomaly" in told
    table.write_text(table.read_text().replace("Anomaly/001.JPG", "Anomaly/../../../../x.JPG"))
    assert "points outside" in run(root)[1]


def test_kolektor_s_items_stay_in_one_split(tmp_path, run):
    root = tmp_path / "KolektorSDD"
    for item in range(8):
        for part in range(3):
            write(root / f"kos{item:02d}" / f"Part{part}.jpg", picture(10 * item + part))
            write(root / f"kos{item:02d}" / f"Part{part}_label.bmp", defect(255 if item < 4 and part == 0 else 0))
    status, told = run(root)
    assert (status, "layout: kolektor" in told) == (SOUND, True)
    assert "train: 6 images (6 without any class)" in told
    (root / "kos01" / "Part1_label.bmp").unlink()
    assert "Part1_label.* is missing" in run(root)[1]


def test_mvtec_ad_2_leaves_its_private_images_out(tmp_path, run):
    root = write_folder(tmp_path / "can", bad="bad")
    (root / "test").rename(root / "test_public")
    (root / "ground_truth").rename(root / "test_public" / "ground_truth")
    write(root / "validation" / "good" / "000.png", picture(50))
    write(root / "test_private" / "000.png", picture(51))
    status, told = run(root)
    assert (status, "layout: mvtec_ad_2" in told) == (SOUND, True)
    assert "1 images without public ground truth" in told
    assert "validation: 3 images" in told  # good, and one of either public class


def spoil_table(root: Path, old: str, new: str) -> None:
    table = root / "samples.csv"
    table.write_text(table.read_text().replace(old, new))


PLATES: dict[str, tuple[Change, int, str]] = {
    "255 for defects": (
        lambda r: [
            write(p, np.where(cv2.imread(str(p), -1) == 0, np.uint8(0), np.uint8(255))) for p in (r / "masks").iterdir()
        ],
        REFUSED,
        "255 means ignore",
    ),
    "a plate in two splits": (lambda r: spoil_table(r, "plate_2", "plate_0"), WARNS, "plate_0 (train, validation)"),
    "one image in two rows": (
        lambda r: spoil_table(r, "images/000003.png", "images/000002.png"),
        REFUSED,
        "have the same image",
    ),
    "a defect in train": (
        lambda r: spoil_table(r, "000004,validation", "000004,train"),
        REFUSED,
        "train image 000004 shows a defect",
    ),
    "an unknown class": (
        lambda r: write(r / "masks/000004.png", np.full((72, 96), 9, np.uint8)),
        REFUSED,
        "unknown class id 9",
    ),
    "a mask of 16 bit": (
        lambda r: write(r / "masks/000004.png", np.zeros((72, 96), np.uint16)),
        REFUSED,
        "must be 8 bit",
    ),
    "a table that is none": (lambda r: (r / "samples.csv").write_bytes(b"\xff\xfe\x00"), REFUSED, "samples.csv"),
    "a path that leads out": (lambda r: spoil_table(r, "images/000003.png", "../x.png"), REFUSED, "points outside"),
    "a description that is none": (lambda r: (r / "dataset.json").write_text("[]"), REFUSED, "dataset.json"),
    "instances of another size": (
        lambda r: write(r / "instances/000004.png", np.zeros((3, 3), np.uint16)),
        REFUSED,
        "3 x 3 pixels",
    ),
}


@pytest.mark.parametrize("name", PLATES)
def test_every_odd_dataset_folder_is_told_in_clear_lines(tmp_path, run, name):
    change, status, words = PLATES[name]
    root = write_dataset(tmp_path / "plates", ["train"] * 4 + ["validation"] * 2 + ["test"] * 2, seed=2)
    change(root)
    before = contents(root)
    found, told = run(root)
    assert words in told
    assert found == status
    assert contents(tmp_path) == before


def test_every_error_is_listed(tmp_path, run):
    root = write_folder(tmp_path / "data")
    for number in (1, 2):
        write(root / TRUTH / f"{number:03d}_mask.png", LABELS)
    _, told = run(root)
    assert told.count("error: ") == 2


def test_the_corpus_is_as_large_as_promised():
    assert len(CASES) + len(PLATES) >= 60
