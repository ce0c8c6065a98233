"""The chunks of an utterance that is vocoded in parts: small ones first, so that speech begins early."""

from __future__ import annotations

import math
from collections.abc import Iterator

from .voice import Autoregressive, Flow, Voice

FIRST_CHUNK_FRAMES = 16  # a quarter of a second: enough to play until the next one is there
LARGEST_CHUNK_FRAMES = 256  # bounds memory, and the work after a cancellation


def chunk_borders(frames: int, first: int, start: int = 0) -> Iterator[tuple[int, int]]:
    """Cut an utterance into chunks of twice the frames of the one before.

    Args:
        frames: of the utterance.
        first: frames of the chunk at `start`; later ones grow up to LARGEST_CHUNK_FRAMES.
        start: frame at which to begin.

    Yields:
        First frame of a chunk, and the frame after its last. No chunk but that of a short utterance has fewer
        frames than FIRST_CHUNK_FRAMES, so the last one may be that much larger.
    """
    size = first
    while start < frames:
        stop = start + min(size, LARGEST_CHUNK_FRAMES)
        if frames - stop < FIRST_CHUNK_FRAMES:
            stop = frames
        yield start, stop
        start, size = stop, size * 2


def vocoder_context(voice: Voice) -> int:
    """Return how many frames on each side of a chunk the vocoder must see for its samples to be exact."""
    return voice.vocoder.context_frames


def denoiser_context(voice: Voice) -> int:
    """Return the same for the denoiser, in frames of audio: its longest window."""
    return math.ceil(voice.fft_size / voice.hop_samples) if isinstance(voice.vocoder, Flow) else 0


def opening_steps(voice: Voice) -> int:
    """Return the decoder steps of which the first chunk can be made; 0 for a voice without steps.

    Frames before the last `context_frames` of these steps are those of the whole utterance.
    """
    settings = voice.spectrograms
    if not isinstance(settings, Autoregressive):
        return 0
    frames = FIRST_CHUNK_FRAMES + vocoder_context(voice) + denoiser_context(voice) + settings.context_frames
    return math.ceil(frames / settings.frames_per_step)
