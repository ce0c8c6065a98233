"""Audio files on the client side."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from tritone_client.folders import scan
from tritone_client.recordings import AUDIO_SUFFIXES, duration_s


@pytest.mark.parametrize(
    ("format_", "subtype"),
    [
        ("WAV", "PCM_16"),
        ("WAV", "FLOAT"),
        ("FLAC", "PCM_16"),
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("MP3", "MPEG_LAYER_III"),
    ],
)
def test_the_length_of_every_served_format_is_known(format_, subtype):
    file = io.BytesIO()
    soundfile.write(file, np.zeros((48_000, 2)), 24_000, format=format_, subtype=subtype)
    assert duration_s(file.getvalue()) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no audio at all", bytes(1000)])
def test_the_length_of_anything_else_is_unknown(content):
    assert duration_s(content) is None


def test_the_length_of_a_truncated_file_is_what_is_left_or_unknown():
    file = io.BytesIO()
    soundfile.write(file, np.zeros(16_000), 16_000, format="WAV")
    length_s = duration_s(file.getvalue()[:16_044])
    assert length_s is None or length_s == pytest.approx(0.5, abs=0.01)


def test_audio_is_known_by_its_suffix_in_any_case(tmp_path):
    for name in ("b.MP3", "a.wav", "c.opus", "d.m4a", "e.WebM", "f.amr", "notes.txt", ".d.wav", "wav"):
        (tmp_path / name).touch()
    (tmp_path / "folder.wav").mkdir()
    entries = scan(tmp_path, AUDIO_SUFFIXES, recursive=False)
    assert [entry.path.name for entry in entries if not entry.problem] == [
        "a.wav",
        "b.MP3",
        "c.opus",
        "d.m4a",
        "e.WebM",
        "f.amr",
    ]
