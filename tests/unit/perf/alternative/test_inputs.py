import io

import numpy as np
import pytest
import soundfile

from perf.alternative.inputs import (
    LONGEST_CLIP_S,
    LONGEST_SENTENCE,
    recordings_of,
    texts_of,
    wav_files,
)
from perf.instruments.errors import UsageError
from perf.instruments.texts import spoken_texts


def test_recordings_become_wav_files_of_mixed_lengths():
    files = [soundfile.info(io.BytesIO(file)) for file in wav_files(recordings_of(), 20)]
    assert {(file.format, file.samplerate, file.channels) for file in files} == {("WAV", 16000, 1)}
    lengths = [file.duration for file in files]
    assert max(lengths) <= LONGEST_CLIP_S
    assert max(lengths) > 4 * min(lengths)


def test_recordings_are_a_file_or_those_of_a_folder(tmp_path):
    for name in ("b.WAV", "a.mp3", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in recordings_of(tmp_path)] == ["a.mp3", "b.WAV"]
    assert recordings_of(tmp_path / "a.mp3") == [tmp_path / "a.mp3"]
    with pytest.raises(UsageError, match="expected a folder or a file, got"):
        recordings_of(tmp_path / "nowhere")


def test_equal_calls_give_equal_inputs():
    assert wav_files(recordings_of(), 3) == wav_files(recordings_of(), 3)
    assert texts_of(spoken_texts(), 5) == texts_of(spoken_texts(), 5)


@pytest.mark.parametrize("seconds", [None, 1.0])
def test_too_little_speech_is_refused(tmp_path, seconds):
    if seconds:
        soundfile.write(tmp_path / "short.wav", np.zeros(round(16000 * seconds), np.float32), 16000)
    with pytest.raises(UsageError, match="more than 28 s of speech"):
        wav_files(recordings_of(tmp_path), 1)


def test_texts_are_made_of_one_to_three_short_sentences():
    texts = texts_of(["One. Two! Three?", "no mark at its end", "x" * LONGEST_SENTENCE + "."], 6)
    assert [len(text.split()) for text in texts] == [1, 2, 3, 1, 2, 3]
    assert {word for text in texts for word in text.split()} <= {"One.", "Two!", "Three?"}


def test_texts_without_a_short_sentence_are_refused():
    with pytest.raises(UsageError, match="up to 72 characters"):
        texts_of(["x" * 100 + "."], 1)
