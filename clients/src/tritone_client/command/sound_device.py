"""Microphone and loudspeaker, through the optional package sounddevice."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from tritone_client.calls import SAMPLE_RATE_HZ
from tritone_client.command.interruption import TICK_S, Interruption
from tritone_client.errors import TritoneError

INSTALL = "pip install 'tritone-client[live]'"
BLOCK_S = 0.04  # of one callback
LONGEST_BACKLOG_S = 30.0  # of recorded audio that waits for the server
_BACKLOG_BLOCKS = round(LONGEST_BACKLOG_S / BLOCK_S)


class SoundDeviceError(TritoneError):
    """There is no microphone or loudspeaker that can be used."""


@contextmanager
def microphone(device: str | None, interruption: Interruption) -> Iterator[tuple[Iterator[bytes], int, str]]:
    """Record from a microphone while the context is entered.

    Args:
        device: number, or part of the name; None: the default one.
        interruption: ends the recording.

    Yields:
        Chunks of 16-bit PCM in the byte order of the machine, their sample rate in Hz, and the name of the
        device.

    Raises:
        SoundDeviceError: sounddevice is not installed, or the device cannot be used.
    """
    sounddevice = _library()
    blocks: queue.Queue[bytes] = queue.Queue(_BACKLOG_BLOCKS)

    def record(content: Any, frames: int, time: Any, status: Any) -> None:
        try:
            blocks.put_nowait(bytes(content))
        except queue.Full:
            raise sounddevice.CallbackAbort from None  # noticed below, as the stream is no longer active

    try:
        found = sounddevice.query_devices(_device(device), "input")
        rate_hz = _rate_hz(sounddevice, device, found)
        stream = sounddevice.RawInputStream(
            device=_device(device),
            samplerate=rate_hz,
            channels=1,
            dtype="int16",
            blocksize=round(BLOCK_S * rate_hz),
            callback=record,
        )
        stream.start()
    except (sounddevice.PortAudioError, ValueError) as error:
        raise _unusable("microphone", device, error) from error
    try:
        yield _recorded(stream, blocks, interruption), rate_hz, found["name"]
    finally:
        stream.close()


@contextmanager
def loudspeaker(device: str | None) -> Iterator[Loudspeaker]:
    """Open a loudspeaker; leaving the context normally waits until everything has sounded.

    Raises:
        SoundDeviceError: sounddevice is not installed.
    """
    speaker = Loudspeaker(_library(), device)
    try:
        yield speaker
    except BaseException:
        speaker.abort()
        raise
    speaker.finish()


class Loudspeaker:
    """Plays samples; the first ones decide the sample rate."""

    def __init__(self, sounddevice: Any, device: str | None) -> None:
        self._sounddevice, self._device = sounddevice, device
        self._stream: Any = None  # opened by the first samples

    def play(self, samples: NDArray[np.float32], sample_rate_hz: int) -> None:
        """Play samples after those before; return when the device has room for them, which may be later.

        Raises:
            SoundDeviceError: the device cannot be used.
        """
        try:
            if self._stream is None:
                self._stream = self._sounddevice.OutputStream(
                    device=_device(self._device), samplerate=sample_rate_hz, channels=1, dtype="float32"
                )
                self._stream.start()
            self._stream.write(np.ascontiguousarray(samples[:, np.newaxis]))
        except (self._sounddevice.PortAudioError, ValueError) as error:
            raise _unusable("loudspeaker", self._device, error) from error

    def finish(self) -> None:
        """Wait until everything has sounded, and close the device."""
        if self._stream is not None:
            self._stream.stop()
            self._stream.close()

    def abort(self) -> None:
        """Close the device at once."""
        if self._stream is not None:
            self._stream.abort()
            self._stream.close()


def list_devices() -> str:
    """Return a table of the devices.

    Raises:
        SoundDeviceError: sounddevice is not installed.
    """
    return str(_library().query_devices()) or "(no sound devices)"


def _recorded(stream: Any, blocks: queue.Queue[bytes], interruption: Interruption) -> Iterator[bytes]:
    while not interruption.requested:
        try:
            block = blocks.get(timeout=TICK_S)
        except queue.Empty:
            if not stream.active:
                raise SoundDeviceError("microphone: expected audio, but the device has stopped.") from None
            continue
        waiting = [block]  # everything that has come while the server was computing
        while not blocks.empty():
            waiting.append(blocks.get_nowait())
        if len(waiting) >= _BACKLOG_BLOCKS:
            raise SoundDeviceError(
                f"microphone: expected the server to keep up with speech, but {LONGEST_BACKLOG_S:g} s of "
                "audio "
                "are waiting for it; try again when it has less to do."
            )
        yield b"".join(waiting)


def _rate_hz(sounddevice: Any, device: str | None, found: Any) -> int:
    """Return 16 kHz if the device has it, else its own rate, from which the client resamples."""
    try:
        sounddevice.check_input_settings(
            device=_device(device), channels=1, dtype="int16", samplerate=SAMPLE_RATE_HZ
        )
    except sounddevice.PortAudioError:
        return int(found["default_samplerate"])
    return SAMPLE_RATE_HZ


def _device(given: str | None) -> str | int | None:
    return int(given) if given and given.isdecimal() else given


def _library() -> Any:
    try:
        import sounddevice
    except ImportError as error:
        raise SoundDeviceError(
            f"sound: expected the package sounddevice, found none; install it with {INSTALL}, or use "
            "files and pipes."
        ) from error
    except OSError as error:  # the package has no PortAudio for Linux
        raise SoundDeviceError(
            "sound: expected the library PortAudio, found none; install it (Debian and Ubuntu: "
            "libportaudio2)."
        ) from error
    return sounddevice


def _unusable(kind: str, device: str | None, error: Exception) -> SoundDeviceError:
    named = "the default device" if device is None else f"the device {click.format_filename(device)}"
    return SoundDeviceError(
        f"{kind}: {named} cannot be used ({error}); `tritone listen --list-devices` shows those that "
        "there are, "
        "--device selects one."
    )
