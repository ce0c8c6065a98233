import base64
import json

import numpy as np
import pytest

from perf.instruments.inputs.requests import Request, RequestSet, write_input_data


def test_tensors_are_written_exactly(tmp_path):
    audio = np.array([0.1, -1.0, 1e-30], np.float32)
    features = np.arange(6, dtype=np.float32).reshape(2, 3)[:, ::-1]  # not contiguous
    request = Request({"audio": audio, "length": np.array([3], np.int64), "features": features}, 3)
    write_input_data([request, request], tmp_path / "data.json")
    data = json.loads((tmp_path / "data.json").read_text())["data"]
    assert len(data) == 2
    assert {name: content["shape"] for name, content in data[0].items()} == {
        "audio": [3],
        "length": [1],
        "features": [2, 3],
    }
    raw = {name: base64.b64decode(content["b64"]) for name, content in data[0].items()}
    np.testing.assert_array_equal(np.frombuffer(raw["audio"], np.float32), audio)
    np.testing.assert_array_equal(np.frombuffer(raw["length"], np.int64), [3])
    np.testing.assert_array_equal(np.frombuffer(raw["features"], np.float32).reshape(2, 3), features)


def test_texts_and_files_follow_their_length(tmp_path):
    text = "Grüß Gott".encode()
    request = Request({"text": np.array([text, b"\x00\xff"], dtype=object)}, 9)
    write_input_data([request], tmp_path / "data.json")
    (content,) = json.loads((tmp_path / "data.json").read_text())["data"]
    assert content["text"]["shape"] == [2]
    raw = base64.b64decode(content["text"]["b64"])
    assert raw == len(text).to_bytes(4, "little") + text + b"\x02\x00\x00\x00\x00\xff"


def test_a_set_describes_its_lengths():
    described = RequestSet("m", (Request({}, 2.0, 2.0), Request({}, 5.0, 4.0)), "s", "there").described()
    assert (described.count, described.audio_s, described.shortest, described.longest) == (
        2,
        3.0,
        "2 s",
        "5 s",
    )
    assert RequestSet("m", (Request({}, 2.0),), "characters", "there").audio_s is None
    with pytest.raises(ValueError, match="m: expected requests"):
        RequestSet("m", (), "s", "there")
