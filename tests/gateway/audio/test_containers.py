import io

import pytest
from tritone_gateway.audio.containers import inspect
from tritone_gateway.errors import BadRequestError

from tests.gateway.audio.recordings import CONTAINERS, SAMPLE, SAMPLE_S, encoded


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_container_is_known_by_its_content(suffix):
    found = inspect(io.BytesIO(encoded(suffix)))
    assert found.container.suffix == suffix
    assert found.container.media_type.split("/")[0] in ("audio", "video")
    assert found.channels == 1
    assert found.duration_s == pytest.approx(SAMPLE_S, abs=0.2)


def test_browser_recording_has_no_length_in_its_header():
    found = inspect(io.BytesIO(encoded(".webm", live=True)))
    assert (found.container.name, found.sample_rate_hz, found.duration_s) == ("WebM", 48_000, None)


def test_name_of_a_file_says_nothing(tmp_path):
    path = tmp_path / "speech.mp3"
    path.write_bytes(SAMPLE.read_bytes())
    assert inspect(path).container.suffix == ".flac"


def test_position_of_an_open_file_is_kept():
    file = io.BytesIO(encoded(".wav"))
    file.seek(7)
    inspect(file)
    assert file.tell() == 7


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a text about nothing in particular\n" * 100,
        bytes(10_000),
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
    ],
    ids=["empty", "text", "zeros", "playlist", "list of files", "session description"],
)
def test_what_is_no_recording_is_refused(content):
    with pytest.raises(BadRequestError, match=r"^audio: expected .*; send a whole WAV") as refused:
        inspect(io.BytesIO(content), param="audio")
    assert refused.value.param == "audio"


def test_video_without_sound_is_refused():
    import av
    import numpy as np

    target = io.BytesIO()
    with av.open(target, "w", format="matroska") as writing:
        track = writing.add_stream("mpeg4", rate=25, width=64, height=64, pix_fmt="yuv420p")
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        writing.mux(track.encode(frame))
        writing.mux(track.encode(None))
    with pytest.raises(BadRequestError, match="expected an audio track"):
        inspect(target)
