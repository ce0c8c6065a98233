"""What does the search with the language model cost? Beside the acoustic model, and in served throughput.

The search's time depends on what it hears, so it always hears the bundled recogniser: a network of random
weights would give it noise. The acoustic model is that of the size that is measured.
"""

from __future__ import annotations

import lzma
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from perf.bench.bare import bind_graph, parameters_of
from perf.bench.effort import Effort
from perf.bench.results import Result, Row, Target
from perf.instruments.clips import CLIP_S, Clip, equal_clips
from perf.instruments.load_client import LoadClient, serialised
from perf.instruments.model_sizes import COMMITTED, Size
from perf.instruments.server import serving
from perf.instruments.timing import interleaved, ratio, spread
from tritone.onnx_backend.settings import available_cores
from tritone.recognition.decoder import BEAM, GREEDY, Choices, Decoder
from tritone.recognition.frames import Frames
from tritone.recognition.language_model import LanguageModel
from tritone.recognition.loading import load_recognizer
from tritone.recognition.settings import SearchSettings

SHARE = Target(0.15, at_least=False)
THROUGHPUT = Target(0.8, at_least=True)
CONCURRENCY = 4
DECODER = "asr_ctc_decoder"


def measure(size: Size, effort: Effort) -> Result:
    """Compare the search's time with the acoustic model's; at demo size, served throughputs too."""
    clips = equal_clips(effort.latency_clips)
    heard = hear(clips)
    settings = SearchSettings.of(parameters_of(COMMITTED, DECODER))
    decoder = Decoder.load(COMMITTED / DECODER / "1/ctc.json", settings)
    contenders: dict[str, Callable[[], int]] = {
        "acoustic model": _acoustic_model(size.repository, clips),
        "search": partial(_decode, decoder, heard, BEAM),
        "greedy": partial(_decode, decoder, heard, GREEDY),
    }
    if (other := pyctcdecode(heard, settings)) is not None:
        contenders["pyctcdecode"] = other
    rates = interleaved(contenders, effort.rounds)
    ms = {name: 1000 / rate.median for name, rate in rates.items()}
    low, high = spread(rates["acoustic model"], rates["search"])
    rows = [
        Row(
            f"search with the language model as a share of the acoustic model, {size.name} size",
            f"{ms['search']:.1f} ms",
            f"{ms['acoustic model']:.1f} ms",
            ms["search"] / ms["acoustic model"],
            unit="%",
            target=SHARE if size.name == "full" else None,
        )
    ]
    if "pyctcdecode" in rates:
        rows.append(
            Row(
                "search against pyctcdecode, the decoder that NeMo uses, same model, width and weights",
                f"{rates['search'].median:.1f} clips/s",
                f"{rates['pyctcdecode'].median:.1f} clips/s",
                ratio(rates["search"], rates["pyctcdecode"]),
            )
        )
    if size.name == "demo":
        rows.append(_served(size, effort))
    remark = (
        f"{size.name} size: {len(clips)} clips of {CLIP_S:g} s, {effort.rounds} rounds; per clip greedy "
        f"{ms['greedy']:.2f} ms; share of single rounds {low:.1%} to {high:.1%}."
    )
    raw = {name: rate.per_round for name, rate in rates.items()}
    return Result(f"search {size.name}", rows, [remark], {"clips_per_s": raw})


def hear(clips: Sequence[Clip]) -> list[Frames]:
    """Recognise clips with the bundled recogniser."""
    windows = "asr_windows"
    bind = partial(bind_graph, COMMITTED, available_cores())
    recognizer = load_recognizer(
        COMMITTED / windows / "1", parameters_of(COMMITTED, windows), bind, ahead=False
    )
    return [recognizer.recognise(clip) for clip in clips]


def pyctcdecode(heard: Sequence[Frames], settings: SearchSettings) -> Callable[[], int] | None:
    """Return a function that decodes all clips with pyctcdecode, or None where it is not installed."""
    if find_spec("pyctcdecode") is None:
        return None
    from pyctcdecode import build_ctcdecoder

    folder = COMMITTED / DECODER / "1"
    model = LanguageModel.beside(folder)
    if model is None:
        return None
    labels = Decoder.load(folder / "ctc.json", settings).labels
    written = [text or " " for text in labels.text]
    written[labels.blank] = ""
    with tempfile.TemporaryDirectory() as scratch:  # it knows the vocabulary of plain ARPA files only
        plain = Path(scratch) / "words.arpa"
        plain.write_bytes(lzma.decompress(model.path.read_bytes()))
        weights = settings.weights
        decoder = build_ctcdecoder(
            written, str(plain), list(model.words), alpha=weights.language_model, beta=weights.word
        )

    def decode() -> int:
        for frames in heard:
            decoder.decode(frames.log_probs, beam_width=settings.width.prefixes)
        return len(heard)

    return decode


def _served(size: Size, effort: Effort) -> Row:
    clips = equal_clips(effort.clips(size))
    requests = {name: [serialised(clip, decoder=name) for clip in clips] for name in (BEAM, GREEDY)}
    with serving(size.repository) as server, LoadClient(server.grpc_url, CONCURRENCY) as client:
        rates = interleaved(
            {name: partial(_answered, client, sent) for name, sent in requests.items()}, effort.rounds
        )
    return Row(
        f"served throughput with the language model against greedy at concurrency {CONCURRENCY}, demo size",
        f"{rates[BEAM].median:.2f} clips/s",
        f"{rates[GREEDY].median:.2f} clips/s",
        ratio(rates[BEAM], rates[GREEDY]),
        target=THROUGHPUT,
    )


def _answered(client: LoadClient, requests: Sequence[bytes]) -> int:
    return len(client.answers(requests))


def _acoustic_model(repository: Path, clips: Sequence[Clip]) -> Callable[[], int]:
    """Return a function that runs the acoustic model alone over all clips, with all cores."""
    parameters = parameters_of(repository, "asr_windows")
    bind = partial(bind_graph, repository, available_cores())
    front_end = bind(
        parameters.name("features_model"), ["audio", "audio_length"], ["features", "features_length"]
    )
    network = bind(
        parameters.name("acoustic_model"),
        ["features", "features_length"],
        ["log_probs", "log_probs_length"],
    )
    features = [front_end(clip[np.newaxis], np.array([[clip.size]], np.int64)) for clip in clips]

    def run() -> int:
        for arrays in features:
            network(*arrays)
        return len(features)

    return run


def _decode(decoder: Decoder, heard: Sequence[Frames], name: str) -> int:
    choices = Choices(name)
    for frames in heard:
        decoder.decode(frames, CLIP_S, choices)
    return len(heard)
