"""Audio for training: shards, digits, augmentation; and scores and schedule."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import soundfile

from training import augmentation
from training.augmentation import Augmentation
from training.digits import read_digits, spoken_numbers, strings
from training.prepare import share, synthetic_jobs
from training.schedule import Budget, LearningRate
from training.scoring import WordErrors, edit_distance, greedy_text
from training.shards import Clip, pad, read_manifest, read_split, repeated, write_shard
from training.voices import SAMPLE_RATE_HZ, VOICES

TONE = (np.sin(np.arange(SAMPLE_RATE_HZ) * 0.3) * 0.5).astype(np.float32)


def test_shard_gives_back_what_was_written(tmp_path: Path) -> None:
    clips = [np.arange(n, dtype=np.int16) for n in (1, 160, 4001)]
    write_shard(
        tmp_path / "train/a.wav", [(clip, f"text {i}") for i, clip in enumerate(clips)], "voice", "source"
    )
    utterances = read_split(tmp_path, "train")
    assert [u.text for u in utterances] == ["text 0", "text 1", "text 2"]
    for utterance, clip in zip(utterances, clips, strict=True):
        np.testing.assert_array_equal(utterance.samples(), clip)


def test_manifest_of_other_files_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", TONE, SAMPLE_RATE_HZ)
    row = {"audio_filepath": "a.flac", "duration": 1.0, "text": "one", "speaker": "george"}
    (tmp_path / "manifest.jsonl").write_text(json.dumps(row) + "\n")
    (utterance,) = read_manifest(tmp_path / "manifest.jsonl")
    assert utterance.voice == "george"
    assert utterance.samples().shape == (SAMPLE_RATE_HZ,)


def test_missing_shards_say_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"run training\.prepare first"):
        read_split(tmp_path, "train")


def test_padding_keeps_clips_and_fills_with_zeros() -> None:
    audio, length = pad([TONE[:3], TONE[:5]])
    assert length.tolist() == [3, 5]
    np.testing.assert_array_equal(audio[0], [*TONE[:3], 0, 0])


def test_lowest_digit_indices_are_held_out_and_strings_are_of_one_split(tmp_path: Path) -> None:
    rows = []
    for index in (5, 9, 10, 12, 49):
        name = f"3_george_{index}.flac"
        soundfile.write(tmp_path / name, TONE[:800], 8000)
        rows.append(
            json.dumps({"audio_filepath": name, "duration": 0.1, "text": "three", "speaker": "george"})
        )
    (tmp_path / "manifest.jsonl").write_text("\n".join(rows))
    recordings = read_digits(tmp_path)
    assert [(d.index, d.split) for d in recordings] == [
        (5, "test"),
        (9, "test"),
        (10, "validation"),
        (12, "train"),
        (49, "train"),
    ]
    for audio, text in strings(recordings[:2], 5, random.Random(0)):
        assert set(text.split()) == {"three"}
        assert len(audio) >= 1600 * len(text.split())


def test_spoken_numbers_are_digits_with_pauses() -> None:
    for text in spoken_numbers(30, random.Random(0)):
        assert text.endswith(".")
        assert 1 <= len(text.split()) <= 8


def test_each_round_speaks_every_sentence_once_and_ten_rounds_in_every_voice() -> None:
    sentences = list(range(37))
    heard = set()
    for round_index in range(len(VOICES)):
        shares = [share(sentences, voice, round_index) for voice in range(len(VOICES))]  # type: ignore[arg-type]
        assert sorted(s for part in shares for s in part) == sentences
        heard |= {(s, voice) for voice, part in enumerate(shares) for s in part}
    assert len(heard) == len(sentences) * len(VOICES)


def test_existing_shards_are_not_made_again(tmp_path: Path) -> None:
    text = tmp_path / "book.tsv"
    text.write_text("id\ttext\tnormalized_text\na-1\tx\tx")
    every = len(synthetic_jobs(text, tmp_path, rounds=1))
    write_shard(tmp_path / "train/book_espeak_us_0.wav", [], "espeak_us", "synthetic")
    assert len(synthetic_jobs(text, tmp_path, rounds=1)) == every - 1


@pytest.mark.parametrize("clip", [TONE, TONE[:200], np.zeros(500, np.float32)])
def test_augmented_clips_stay_finite_float32_within_full_scale(clip: np.ndarray) -> None:
    generator = np.random.default_rng(0)
    noises = [augmentation.white_noise(100, generator), augmentation.pink_noise(9000, generator)]
    augment = Augmentation(
        speed_probability=1, noise_probability=1, telephone_probability=0.5, reverberation_probability=0.5
    )
    for _ in range(20):
        changed = augment(clip, noises, generator)
        assert changed.dtype == np.float32
        assert np.all(np.isfinite(changed))
        assert np.max(np.abs(changed)) <= 1.0 + 1e-6
        assert len(clip) * 0.85 <= len(changed) <= len(clip) * 1.15 + 0.55 * SAMPLE_RATE_HZ


def test_noise_is_below_speech_by_the_given_ratio() -> None:
    noise = augmentation.white_noise(len(TONE), np.random.default_rng(0))
    added = augmentation.mix(TONE, noise, 20.0) - TONE
    assert 20 * np.log10(np.std(TONE) / np.std(added)) == pytest.approx(20.0, abs=0.1)


def test_room_keeps_the_direct_sound_and_echoes_for_the_time_asked() -> None:
    click = np.zeros(SAMPLE_RATE_HZ, np.float32)
    click[100] = 1.0
    wet = augmentation.reverberate(click, 0.3, np.random.default_rng(0))
    assert wet.shape == click.shape
    assert wet[100] == pytest.approx(1.0, abs=1e-4)
    assert np.abs(wet[:100]).max() < 1e-4
    early, late = (np.linalg.norm(wet[start : start + 800]) for start in (200, 3200))
    assert 0 < late < early / 10
    assert np.abs(wet[100 + round(0.3 * SAMPLE_RATE_HZ) :]).max() < 1e-4


def test_fractional_repeats_use_a_share_of_the_clips_and_whole_ones_each_clip() -> None:
    clips = [
        Clip(Path("a.wav"), 0.0, 1.0, "a", f"{source} {i}", source) for source in "xyz" for i in range(400)
    ]
    counts = repeated(clips, {"x": 0.25, "y": 2.5, "z 7": 0.0}, np.random.default_rng(0))
    sums = {source: [n for c, n in zip(clips, counts, strict=True) if c.source == source] for source in "xyz"}
    assert set(sums["x"]) == {0, 1}
    assert 60 <= sum(sums["x"]) <= 140
    assert set(sums["y"]) == {2, 3}
    assert sum(sums["z"]) == 399


def test_telephone_removes_what_a_line_does_not_carry() -> None:
    time_s = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    low, middle, high = (np.sin(2 * np.pi * f * time_s).astype(np.float32) for f in (100, 1000, 5000))
    np.testing.assert_allclose(augmentation.telephone(low + middle + high), middle, atol=1e-3)


def test_babble_fills_its_length_with_clips() -> None:
    mixed = augmentation.babble([TONE[:300], TONE[:50]], 1000, np.random.default_rng(0))
    assert mixed.shape == (1000,)
    assert np.count_nonzero(mixed) > 950


def test_greedy_text_merges_repeats_and_drops_blanks() -> None:
    labels = [" ", "a", "b"]
    path = [3, 1, 1, 3, 1, 0, 0, 2, 3, 0]
    log_probs = np.log(np.eye(4)[path] + 1e-3)
    assert greedy_text(log_probs, labels) == "aa b"
    assert greedy_text(log_probs[:0], labels) == ""


@pytest.mark.parametrize(
    ("reference", "hypothesis", "distance"),
    [("", "", 0), ("a b", "", 2), ("", "a", 1), ("a b c", "a x c", 1), ("a b c", "b c d", 2)],
)
def test_edit_distance_counts_fewest_changes(reference: str, hypothesis: str, distance: int) -> None:
    assert edit_distance(reference.split(), hypothesis.split()) == distance


def test_word_errors_add_up() -> None:
    errors = WordErrors()
    errors.add("one two", "one")
    errors.add("three four", "three four")
    assert (errors.rate, errors.words, errors.utterances) == (0.25, 4, 2)
    assert WordErrors().rate == 0.0


def test_budget_ends_with_whatever_is_spent_first() -> None:
    budget = Budget(minutes=10, steps=100)
    assert budget.progress(300, 10) == 0.5
    assert budget.progress(60, 80) == 0.8
    assert budget.progress(6000, 1) == 1.0
    with pytest.raises(ValueError, match="pass --minutes or --steps"):
        Budget()


def test_learning_rate_stays_at_its_peak_until_it_falls() -> None:
    rate = LearningRate(peak=1.0, final=0.1, warmup_steps=10, falls_from=0.8)
    assert rate.at(0.79, 20) == 1.0
    assert rate.at(0.9, 20) == pytest.approx(0.55)
    assert rate.at(1.0, 20) == pytest.approx(0.1)


def test_learning_rate_rises_then_falls_to_its_end() -> None:
    rate = LearningRate(peak=1.0, final=0.1, warmup_steps=10)
    assert rate.at(0.0, 4) == 0.5
    assert rate.at(0.0, 20) == 1.0
    assert rate.at(0.5, 20) == pytest.approx(0.55)
    assert rate.at(1.0, 20) == pytest.approx(0.1)
