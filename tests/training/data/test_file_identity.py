import pytest

from training.data.file_identity import chosen_images, left_out_in_words, list_images
from training.support.user_error import UserError


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def names(listing, root):
    return [path.relative_to(root).as_posix() for path in listing.files]


def test_images_of_every_suffix_and_depth_count_and_the_rest_is_told(tmp_path):
    touch(*(tmp_path / name for name in ("a.png", "b.WebP", "sub/deep/c.JP2", "d.gif", "notes.txt")))
    touch(*(tmp_path / name for name in (".hidden.png", "._a.png", ".ipynb_checkpoints/a.png", "__MACOSX/a.png")))
    listing = list_images(tmp_path)
    assert names(listing, tmp_path) == ["a.png", "b.WebP", "sub/deep/c.JP2"]
    assert left_out_in_words(listing.left_out, tmp_path) == [
        "left out: 4 names with a leading dot (._a.png, .hidden.png, .ipynb_checkpoints, __MACOSX)",
        "left out: 2 no image that is read (d.gif, notes.txt)",
    ]


def test_one_rule_serves_folders_and_patterns(tmp_path):
    touch(*(tmp_path / name for name in ("a.png", ".b.png", "c.txt", "sub/d.webp", ".git/e.png")))
    found = chosen_images((path for path in tmp_path.rglob("*") if path.is_file()), tmp_path)
    assert found.files == list_images(tmp_path).files


def test_a_link_within_the_folder_names_a_file_that_counts_once(tmp_path):
    touch(tmp_path / "images" / "a.png")
    (tmp_path / "again.png").symlink_to(tmp_path / "images" / "a.png")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "z").symlink_to(tmp_path / "images")
    listing = list_images(tmp_path)
    assert names(listing, tmp_path) == ["images/a.png"]
    assert len(listing.left_out) == 3


@pytest.mark.parametrize("inside", [True, False])
def test_a_link_that_leads_out_or_to_nothing_is_refused_by_name(tmp_path, inside):
    touch(tmp_path / "outside.png", tmp_path / "data" / "a.png")
    (tmp_path / "data" / "link.png").symlink_to(tmp_path / ("data/gone.png" if inside else "outside.png"))
    with pytest.raises(UserError, match=r"link\.png is a link (to .*does not exist|that leads out of)"):
        list_images(tmp_path / "data")


def test_at_most_ten_names_are_listed(tmp_path):
    touch(*(tmp_path / f"{number:02d}.txt" for number in range(14)), tmp_path / "a.png")
    (line,) = left_out_in_words(list_images(tmp_path).left_out, tmp_path)
    assert line.endswith("08.txt, 09.txt and 4 more)")
