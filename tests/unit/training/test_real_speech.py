"""Recordings of real people: what is held out, and shards made of manifests."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from training.real_speech import HeldOut, split_speakers, split_texts, write_corpus
from training.shards import read_split

COUNTS = {**{f"many {i}": 20 for i in range(9)}, **{f"few {i}": 1 for i in range(30)}}
HELD_OUT = HeldOut(2, 1, few_test=5, few_validation=3)


def write_manifest(folder: Path, speakers: dict[str, int], rate_hz: int = 16000) -> Path:
    """Write short recordings, one text each, and their manifest."""
    rows = []
    for speaker, count in speakers.items():
        for index in range(count):
            name = f"{speaker.replace(' ', '-')}_{index}.flac"
            soundfile.write(folder / name, np.full(rate_hz // 10, 0.25, np.float32), rate_hz)
            text = f"Recording, number {index}!"
            rows.append({"audio_filepath": name, "duration": 0.1, "text": text, "speaker": speaker})
    manifest = folder / "corpus.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return manifest


def test_speakers_with_many_and_with_few_recordings_are_held_out_apart() -> None:
    splits = split_speakers("corpus", COUNTS, HELD_OUT)
    assert splits.keys() == COUNTS.keys()
    for kind, test, validation in (("many", 2, 1), ("few", 5, 3)):
        mine = [split for speaker, split in splits.items() if speaker.startswith(kind)]
        assert (mine.count("test"), mine.count("validation")) == (test, validation)


def test_speakers_stay_in_their_split_in_any_order_and_differ_between_corpora() -> None:
    splits = split_speakers("corpus", COUNTS, HELD_OUT)
    assert split_speakers("corpus", dict(reversed(COUNTS.items())), HELD_OUT) == splits
    assert split_speakers("another", COUNTS, HELD_OUT) != splits


def test_holding_out_every_speaker_is_refused() -> None:
    with pytest.raises(ValueError, match=r"corpus: expected more than 9 speakers .* got 9; lower"):
        split_speakers("corpus", {f"many {i}": 20 for i in range(9)}, HeldOut(6, 3))


def test_texts_are_held_out_by_share_whatever_else_is_there() -> None:
    texts = [f"text {i}" for i in range(1000)]
    splits = split_texts("reader", texts, HeldOut(0.1, 0.05, by="text"))
    counts = [list(splits.values()).count(split) for split in ("test", "validation")]
    assert 70 <= counts[0] <= 130
    assert 30 <= counts[1] <= 70
    fewer = split_texts("reader", texts[500:], HeldOut(0.1, 0.05, by="text"))
    assert all(splits[text] == split for text, split in fewer.items())


def test_no_speaker_is_in_two_splits_and_what_is_held_out_is_listed(tmp_path: Path) -> None:
    speakers = {f"speaker {i}": 12 for i in range(4)}
    rows = write_corpus("corpus", write_manifest(tmp_path, speakers), tmp_path / "shards", HeldOut(1, 1))
    splits = {name: read_split(tmp_path / "shards", name) for name in ("train", "validation", "test")}
    voices = {name: {u.voice for u in utterances} for name, utterances in splits.items()}
    assert {name: len(names) for name, names in voices.items()} == {"train": 2, "validation": 1, "test": 1}
    assert set.union(*voices.values()) == set(speakers)
    listed = {(recording, split) for _, recording, split, _ in rows}
    expected = {
        (f"{voice.replace(' ', '-')}_{i}", name)
        for name in ("validation", "test")
        for voice in voices[name]
        for i in range(12)
    }
    assert listed == expected


def test_recordings_come_out_at_16_khz_with_spelled_text(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, {"one": 2}, rate_hz=48000)
    write_corpus("corpus", manifest, tmp_path / "shards", HeldOut(0, 0))
    first, second = read_split(tmp_path / "shards", "train")
    assert (first.text, first.voice, first.source) == ("recording number zero", "one", "corpus")
    assert len(second.samples()) == 1600
    np.testing.assert_allclose(second.samples()[400:1200], 8192, atol=300)


def test_recordings_that_are_too_long_are_left_out(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, {"one": 2})
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    rows[0]["duration"] = 40.0
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_corpus("corpus", manifest, tmp_path / "shards", HeldOut(0, 0))
    assert [u.text for u in read_split(tmp_path / "shards", "train")] == ["recording number one"]
