"""Recordings of real people: NeMo-style manifests to shards, whole speakers held out.

    python -m training.real_speech --speech speech/ --fsdd fsdd/

Writes shards beside those of `training.prepare`, and `held_out.tsv` with every recording that must stay out
of training, the language model's text included.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import soundfile
import soxr

from training.corpus import spell
from training.digits import read_digits
from training.prepare import write_digits
from training.shards import Clip, read_manifest, write_clips
from training.voices import SAMPLE_RATE_HZ, Samples

LONGEST_S = 17.0
FEW = 10  # speakers with fewer recordings are held out apart from the others


@dataclass(frozen=True)
class HeldOut:
    """How much of a corpus is kept out of training: speakers by name, or recordings of one reader by text."""

    test: float  # speakers, or the share of one reader's texts
    validation: float
    few_test: int = 0  # speakers with fewer than FEW recordings
    few_validation: int = 0
    by: str = "speaker"  # speaker or text


# Manifest (without `.jsonl`) and the part of it that is held out. Corpora under share-alike licences are not
# listed: their licence would apply to the weights.
CORPORA = {
    "librispeech_train": HeldOut(4, 2, few_test=16, few_validation=8),
    "speechocean762": HeldOut(14, 5),
    "speech_commands": HeldOut(0, 0, few_test=60, few_validation=20),
    "kathleen": HeldOut(0.05, 0.02, by="text"),
    "ljspeech": HeldOut(0.1, 0.0, by="text"),
    "common_voice": HeldOut(0.03, 0.015, by="text"),  # speakers unknown
    "common_voice_13_delta": HeldOut(3, 1, few_test=12, few_validation=6),
    "common_voice_excerpts": HeldOut(0, 0, few_test=12, few_validation=6),
    "common_voice_labelled": HeldOut(0.0, 0.0, by="text"),  # by `training.whisper_labels`: for training only
    "picovoice_coffee": HeldOut(0.08, 0.04, by="text"),  # speakers unknown
    "picovoice_wake": HeldOut(0.0, 0.0, by="text"),  # six words, speakers unknown
}


def position(corpus: str, name: str) -> float:
    """Return a position from 0 to 1 that depends only on a corpus and a name in it."""
    digest = hashlib.sha256(f"{corpus}/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def split_speakers(corpus: str, counts: dict[str, int], held_out: HeldOut) -> dict[str, str]:
    """Assign every speaker to a split.

    Args:
        corpus: the manifest's name.
        counts: speakers and their number of recordings.
        held_out: how many speakers to keep out, of those with many recordings and of those with few.

    Returns:
        the split of each speaker.

    Raises:
        ValueError: a stratum has no more speakers than are to be held out.
    """
    splits = dict.fromkeys(counts, "train")
    strata = (
        ([s for s, n in counts.items() if n >= FEW], int(held_out.test), int(held_out.validation)),
        ([s for s, n in counts.items() if n < FEW], held_out.few_test, held_out.few_validation),
    )
    for speakers, test, validation in strata:
        if test + validation and len(speakers) <= test + validation:
            raise ValueError(
                f"{corpus}: expected more than {test + validation} speakers to hold that many out, got "
                f"{len(speakers)}; lower its numbers in CORPORA."
            )
        ranked = sorted(speakers, key=lambda speaker: position(corpus, speaker))
        splits |= dict.fromkeys(ranked[:test], "test")
        splits |= dict.fromkeys(ranked[test : test + validation], "validation")
    return splits


def split_texts(corpus: str, texts: Sequence[str], held_out: HeldOut) -> dict[str, str]:
    """Assign every text of a corpus whose speakers are unknown, or one, to a split."""

    def split(text: str) -> str:
        place = position(corpus, text)
        if place < held_out.test:
            return "test"
        return "validation" if place < held_out.test + held_out.validation else "train"

    return {text: split(text) for text in texts}


def assign(corpus: str, utterances: Sequence[Clip], held_out: HeldOut) -> list[str]:
    """Return the split of each utterance."""
    if held_out.by == "text":
        splits = split_texts(corpus, [u.text for u in utterances], held_out)
        return [splits[u.text] for u in utterances]
    counts: dict[str, int] = {}
    for utterance in utterances:
        counts[utterance.voice] = counts.get(utterance.voice, 0) + 1
    splits = split_speakers(corpus, counts, held_out)
    return [splits[u.voice] for u in utterances]


def decoded(path: Path) -> Samples:
    """Read a recording in any format of libsndfile as (N,) int16 at 16 kHz."""
    audio, rate_hz = soundfile.read(path, dtype="int16", always_2d=True)
    mono: Samples = audio[:, 0]
    return mono if rate_hz == SAMPLE_RATE_HZ else soxr.resample(mono, rate_hz, SAMPLE_RATE_HZ, quality="HQ")


def clips(utterances: Sequence[Clip]) -> Iterator[tuple[Samples, str, str]]:
    """Yield audio, text and speaker of recordings, decoded a few at a time."""
    with ThreadPoolExecutor(2) as pool:
        for audio, utterance in zip(
            pool.map(lambda u: decoded(u.audio_path), utterances), utterances, strict=True
        ):
            yield audio, spell(utterance.text), utterance.voice


def write_corpus(
    corpus: str, manifest: Path, output: Path, held_out: HeldOut
) -> list[tuple[str, str, str, str]]:
    """Write one shard per split.

    Returns:
        corpus, recording, split and text of the held-out recordings.
    """
    utterances = [u for u in read_manifest(manifest) if u.duration_s <= LONGEST_S]
    splits = assign(corpus, utterances, held_out)
    for split in sorted(set(splits)):
        mine = [u for u, s in zip(utterances, splits, strict=True) if s == split]
        write_clips(output / split / f"real_{corpus}.wav", clips(mine), corpus)
    return [
        (corpus, u.audio_path.stem, split, spell(u.text))
        for u, split in zip(utterances, splits, strict=True)
        if split != "train"
    ]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Turn recordings of real people into shards.")
    parser.add_argument("--speech", type=Path, required=True, help="folder with one manifest per corpus")
    parser.add_argument(
        "--fsdd", type=Path, help="folder of the Free Spoken Digit Dataset with manifest.jsonl"
    )
    parser.add_argument("--output", type=Path, default=Path("training/data/speech"))
    arguments = parser.parse_args()
    rows = []
    for corpus, held_out in CORPORA.items():
        manifest = arguments.speech / f"{corpus}.jsonl"
        if manifest.exists():
            rows += write_corpus(corpus, manifest, arguments.output, held_out)
            print(f"{corpus}: written", flush=True)
    if arguments.fsdd:
        write_digits(read_digits(arguments.fsdd), arguments.output)
    lines = ["corpus\trecording\tsplit\ttext", *("\t".join(row) for row in rows)]
    (arguments.output / "held_out.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
