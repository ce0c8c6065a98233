"""Advance many streams together: each network is called once for all that wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ...concurrency import Network
from ...contract import SAMPLE_RATE_HZ
from ..ctc import CtcDecoder
from ..labels import Labels
from ..voice_activity import CHUNK_SAMPLES, STRETCH_SAMPLES
from .endpoints import Limits
from .finals import FinalPass
from .format import Context, StreamFormat
from .results import Update
from .stream import Stream, StreamOptions

Item = TypeVar("Item")

_FRAMES_BUCKET = 16  # frames of features to a multiple of which a batch is padded
_WASTE = 1.25  # a batch may be longer than its shortest row by this factor


@dataclass(frozen=True)
class Networks:
    """The models that a recogniser of streams calls."""

    features: Network  # audio (B, N), audio_length (B, 1) to log_mel (B, M, T)
    acoustic: Network  # features (B, M, T), features_length (B, 1) to log_probs, log_probs_length
    voice_activity: Network | None  # audio (B, N), context, state to speech_probability, both


@dataclass(frozen=True)
class BatchLimits:
    """How much a call may hold."""

    rows: int
    audio_s: float  # padding included


@dataclass(frozen=True)
class Chunk:
    """What a request adds to a stream."""

    stream: Stream
    samples: NDArray[np.float32]  # (N,) at 16 kHz, possibly none
    end: bool  # whether the stream ends with it


class StreamRecognizer:
    """Recognises streams of one model.

    Args:
        form: timing of features and frames.
        context: that the acoustic model gets with each step.
        decoder: of interim texts.
        networks: that are called.
        final: recognises segments that have ended.
        limits: on chunks and segments.
        batches: limits of a call.
        vad_threshold: probability of speech.
    """

    def __init__(
        self,
        form: StreamFormat,
        context: Context,
        decoder: CtcDecoder,
        networks: Networks,
        final: FinalPass,
        limits: Limits,
        batches: BatchLimits,
        vad_threshold: float,
    ) -> None:
        self.final = final
        self.limits = limits
        self._form = form
        self._context = context
        self._decoder = decoder
        self._networks = networks
        self._batches = batches
        self._vad_threshold = vad_threshold
        # After a failure a stream may have more to catch up with than one call takes.
        room = round(batches.audio_s / form.feature_s) - context.left - context.right - 2 * form.lead
        self._most_frames = max(form.stride, room)

    @property
    def labels(self) -> Labels:
        """What the acoustic model's outputs stand for."""
        return self._decoder.labels

    def start(self, options: StreamOptions) -> Stream:
        """Return a new stream."""
        return Stream(self._form, self._context, self._decoder, options, self.limits, self._vad_threshold)

    def advance(self, chunks: Sequence[Chunk]) -> list[Update]:
        """Process one chunk of each of several streams.

        Returns:
            The update of each stream, in order.
        """
        for chunk in chunks:
            chunk.stream.push(chunk.samples)
        due = [chunk for chunk in chunks if chunk.end or chunk.stream.is_due]
        self._follow_speech(due)
        spoken = [chunk.stream for chunk in due if not chunk.end and chunk.stream.seek()]
        self._compute_features(spoken)
        self._recognise(spoken)
        stepped = {id(chunk) for chunk in due}
        return [
            chunk.stream.update(end=chunk.end) if id(chunk) in stepped else chunk.stream.postpone()
            for chunk in chunks
        ]

    def _follow_speech(self, chunks: Sequence[Chunk]) -> None:
        """Find speech in what each stream has added, whole chunks of the detector at a time."""
        network = self._networks.voice_activity
        groups: dict[int, list[Chunk]] = {}  # by samples, since rows of a call must be equally long
        for chunk in chunks:
            detector, received = chunk.stream.detector, chunk.stream.samples.stop
            if network is None or not chunk.stream.options.vad:
                detector.position = received
                continue
            waiting = received - detector.position
            count = -(-waiting // CHUNK_SAMPLES) if chunk.end else waiting // CHUNK_SAMPLES
            if count:
                length = min(count * CHUNK_SAMPLES, STRETCH_SAMPLES)
                groups.setdefault(length, []).append(chunk)
        if network is None:
            return
        for length, group in groups.items():
            most = self._most_rows(length / SAMPLE_RATE_HZ)
            for first in range(0, len(group), most):
                _detect(network, [chunk.stream for chunk in group[first : first + most]], length)

    def _compute_features(self, streams: Sequence[Stream]) -> None:
        wanted = [
            (stream, want)
            for stream in streams
            if (want := stream.mels.wanted(stream.audio.stop, self._most_frames))
        ]
        for batch in self._batched(wanted, lambda item: item[1].samples, self._form.sample_rate_hz):
            audio = np.zeros((len(batch), max(want.samples for _, want in batch)), np.float32)
            length = np.array([[want.samples] for _, want in batch], np.int64)
            for row, (stream, want) in zip(audio, batch, strict=True):
                samples = stream.audio.between(want.start, want.stop)
                row[: samples.size] = samples
            (log_mel,) = self._networks.features(audio, length)
            for row, (stream, want) in zip(log_mel, batch, strict=True):
                stream.add_features(row[:, want.skip : want.skip + want.count].copy())

    def _recognise(self, streams: Sequence[Stream]) -> None:
        windows = [(stream, window) for stream in streams if (window := stream.window()) is not None]
        for batch in self._batched(windows, self._padded, 1 / self._form.feature_s):
            longest = max(map(self._padded, batch))
            features = np.zeros((len(batch), batch[0][1].shape[0], longest), np.float32)
            length = np.array([[window.shape[1]] for _, window in batch], np.int64)
            for row, (_, window) in zip(features, batch, strict=True):
                row[:, : window.shape[1]] = window
            log_probs, frames = self._networks.acoustic(features, length)
            for index, (stream, _) in enumerate(batch):
                stream.hear(log_probs[index, : frames[index, 0]])

    def _padded(self, item: tuple[Stream, NDArray[np.float32]]) -> int:
        """Return the frames that the window (M, T) of a stream takes in a batch."""
        return max(-(-item[1].shape[1] // _FRAMES_BUCKET) * _FRAMES_BUCKET, self._form.shortest)

    def _batched(
        self, items: Sequence[Item], length: Callable[[Item], int], per_second: float
    ) -> Iterator[list[Item]]:
        """Yield items in batches of similar lengths."""
        batch: list[Item] = []
        for item in sorted(items, key=length):
            is_full = len(batch) >= self._most_rows(length(item) / per_second)
            if batch and (is_full or length(item) > _WASTE * length(batch[0])):
                yield batch
                batch = []
            batch.append(item)
        if batch:
            yield batch

    def _most_rows(self, longest_s: float) -> int:
        return max(1, min(self._batches.rows, int(self._batches.audio_s / longest_s)))


def _detect(network: Network, streams: Sequence[Stream], length: int) -> None:
    """Call the detector with the next `length` samples of each stream; zeros follow the last ones."""
    audio = np.zeros((len(streams), length), np.float32)
    taken = []
    for row, stream in zip(audio, streams, strict=True):
        first = stream.detector.position
        samples = stream.samples.between(first, min(first + length, stream.samples.stop))
        row[: samples.size] = stream.detector.prepared(samples)
        taken.append(samples.size)
    contexts = np.stack([stream.detector.context for stream in streams])
    states = np.stack([stream.detector.state for stream in streams])
    probability, context, state = network(audio, contexts, states)
    for index, stream in enumerate(streams):
        first = stream.detector.position
        stream.detector.heard(taken[index], context[index], state[index])
        stream.follow_speech(first, probability[index])
