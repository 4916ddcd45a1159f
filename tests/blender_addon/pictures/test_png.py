import struct
import zlib

import cv2
import numpy as np
import pytest

from blender_addon.pictures.png import without_metadata, write_grey_png


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (40, 65)])
def test_a_grey_png_reads_back_bit_for_bit(tmp_path, dtype, shape):
    pixels = np.random.default_rng(3).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    write_grey_png(tmp_path / "a.png", pixels)
    read = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    assert read.dtype == dtype
    assert np.array_equal(read, pixels)


def test_a_colour_picture_is_no_grey_png(tmp_path):
    with pytest.raises(ValueError, match="grey PNG"):
        write_grey_png(tmp_path / "a.png", np.zeros((2, 2, 3), np.uint8))
    assert not any(tmp_path.iterdir())


def test_metadata_goes_and_pixels_stay(tmp_path):
    pixels = np.random.default_rng(3).integers(0, 255, (9, 8, 3), np.uint8)
    plain = cv2.imencode(".png", pixels)[1].tobytes()
    text = b"cycles.render_time\x0000:10.98"
    chunk = struct.pack(">I", len(text)) + b"tEXt" + text + struct.pack(">I", zlib.crc32(b"tEXt" + text))
    end_of_header = 8 + 12 + 13
    stamped = plain[:end_of_header] + chunk + plain[end_of_header:]
    assert without_metadata(stamped) == without_metadata(plain)
    assert b"render_time" not in without_metadata(stamped)
    assert np.array_equal(cv2.imdecode(np.frombuffer(without_metadata(stamped), np.uint8), -1), pixels)


@pytest.mark.parametrize("cut", [4, 40, -3])
def test_half_a_picture_is_refused(cut):
    whole = cv2.imencode(".png", np.zeros((9, 8, 3), np.uint8))[1].tobytes()
    with pytest.raises(ValueError, match=r"not a PNG|truncated"):
        without_metadata(whole[:cut])
