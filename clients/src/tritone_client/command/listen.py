"""`tritone listen`: live transcription of a microphone, a pipe or a file."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, closing
from pathlib import Path

import click

from tritone_client.calls import SAMPLE_RATE_HZ, STREAM_TRANSCRIPTION
from tritone_client.command.boosting import read_boost
from tritone_client.command.connection import Connection, connected, exit_with, print_error, run_blocking
from tritone_client.command.interruption import Interruption, ended_by_ctrl_c
from tritone_client.command.live_display import interim_line
from tritone_client.command.live_outputs import LiveOutput, open_live_output
from tritone_client.command.live_sources import (
    ENCODINGS,
    STDIN,
    Encoding,
    LiveSource,
    in_real_time,
    open_file,
    open_microphone,
    open_stdin,
)
from tritone_client.command.outputs import FORMATS
from tritone_client.command.recognition_options import (
    boost_file_option,
    boost_option,
    decoder_option,
    raw_option,
    vad_option,
    written_option,
)
from tritone_client.command.sound_device import SoundDeviceError, list_devices
from tritone_client.errors import InvalidRequestError
from tritone_client.recognition import (
    DecoderName,
    RecognitionOptions,
    VoiceActivity,
)
from tritone_client.streaming.audio import HIGHEST_RATE_HZ, LOWEST_RATE_HZ
from tritone_client.streaming.events import Interim
from tritone_client.streaming.transcription import StreamOptions

MICROPHONE = "microphone"


@click.command()
@click.argument("file", metavar="[FILE|-]", required=False)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="A line for each segment of speech; JSON objects with word times; SubRip or WebVTT captions.",
)
@click.option("-o", "--output", metavar="FILE", help="Write there instead of to stdout.")
@raw_option
@written_option
@click.option(
    "--interim/--no-interim",
    default=None,
    help="Also show what is not final: on a terminal in place, with --format json as objects.  "
    "[default: on a terminal]",
)
@click.option("--realtime", is_flag=True, help="Play a file or stdin as fast as it was spoken.")
@click.option(
    "--sample-rate",
    "sample_rate_hz",
    type=click.IntRange(LOWEST_RATE_HZ, HIGHEST_RATE_HZ),
    metavar="HZ",
    help=f"Of the audio on stdin.  [default: {SAMPLE_RATE_HZ}]",
)
@click.option(
    "--encoding",
    type=click.Choice(ENCODINGS),
    help="Of the mono samples on stdin, which have no header.  [default: s16le]",
)
@click.option("--device", metavar="NAME|NUMBER", help="Use another microphone than the default one.")
@click.option("--list-devices", is_flag=True, help="List microphones and loudspeakers, and exit.")
@decoder_option
@boost_option
@boost_file_option
@vad_option
@click.option(
    "--stop-history-ms",
    type=int,
    metavar="MS",
    help="End a segment after so much silence.  [default: the server's, usually 800]",
)
@connected
def listen(
    connection: Connection,
    file: str | None,
    format_: str,
    output: str | None,
    raw: bool,
    written: bool,
    interim: bool | None,
    realtime: bool,
    sample_rate_hz: int | None,
    encoding: Encoding | None,
    device: str | None,
    list_devices: bool,
    decoder: DecoderName | None,
    boost: tuple[str, ...],
    boost_file: Path | None,
    vad: VoiceActivity | None,
    stop_history_ms: int | None,
) -> None:
    """Transcribe speech while it is spoken: of the microphone, of raw PCM on stdin (-), or of a file.

    Each segment is printed when it has ended. Ctrl-C ends the input and prints what was said until then; a
    second one ends the command at once.

    Exit code 0 when everything was transcribed, also until Ctrl-C, 1 for failures, 2 for wrong usage.
    """
    if list_devices:
        _list_devices()
    if raw and written:
        raise click.UsageError("--raw and --written exclude each other: figures are not as recognised.")
    if file != STDIN and (sample_rate_hz or encoding):
        raise click.UsageError("--sample-rate and --encoding describe stdin; files have their own.")
    if file is None and realtime:
        raise click.UsageError("--realtime is for files and - : a microphone has no other pace.")
    if file is not None and device is not None:
        raise click.UsageError("--device is for the microphone, got a file.")
    if file == STDIN and sys.stdin.isatty():
        raise click.UsageError(
            "- expects audio on stdin, got a terminal; without it, the microphone is used."
        )
    if connection.protocol != "grpc":
        raise click.UsageError("streams need --protocol grpc, by default on port 8001.")
    try:
        recognition = RecognitionOptions(decoder, read_boost(boost, boost_file), vad=vad)
        options = StreamOptions(recognition, interim is not False, written, stop_history_ms)
    except InvalidRequestError as error:
        raise click.UsageError(str(error)) from error
    place = open_live_output(output, format_, raw, written, events=format_ == "json" and bool(interim))

    def work() -> bool:
        with ended_by_ctrl_c() as interruption:
            opened = _open(file, device, encoding or "s16le", sample_rate_hz or SAMPLE_RATE_HZ, interruption)
            _listen(connection, opened, realtime, options, place, interruption)
        return True

    exit_with(run_blocking(work, MICROPHONE if file is None else click.format_filename(file)))


def _list_devices() -> None:
    try:
        click.echo(list_devices())
    except SoundDeviceError as error:
        print_error(str(error))
        exit_with(False)
    exit_with(True)


def _open(
    file: str | None,
    device: str | None,
    encoding: Encoding,
    sample_rate_hz: int,
    interruption: Interruption,
) -> AbstractContextManager[LiveSource]:
    if file is None:
        return open_microphone(device, interruption)
    if file == STDIN:
        return open_stdin(encoding, sample_rate_hz, interruption)
    return open_file(Path(file), interruption)


def _listen(
    connection: Connection,
    opened: AbstractContextManager[LiveSource],
    realtime: bool,
    options: StreamOptions,
    output: LiveOutput,
    interruption: Interruption,
) -> None:
    line = interim_line() if options.interim and not output.events else None
    with connection.blocking_client() as client:
        client.wait_until_ready(connection.wait_s, [STREAM_TRANSCRIPTION])
        with opened as source:
            if line is not None:
                print_error(f"listening to {source.name}; Ctrl-C ends")
            paced = in_real_time(source, interruption) if realtime else source
            events = client.stream_transcription(
                paced.chunks,
                sample_rate_hz=source.sample_rate_hz,
                interim=line is not None or output.events,
                written=options.written,
                decoder=options.recognition.decoder,
                boost=options.recognition.boost,
                vad=options.recognition.vad,
                stop_history_ms=options.stop_history_ms,
            )
            try:
                with closing(events):
                    for event in events:
                        if line is not None:
                            line.clear()
                        output.write(event)
                        if line is not None and isinstance(event, Interim):
                            line.show(event)
            finally:
                if line is not None:
                    line.clear()
    output.close()
