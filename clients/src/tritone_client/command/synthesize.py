"""`tritone synthesize`: speech synthesis to audio files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict

import click

from tritone_client.calls import TEXT_TO_AUDIO, TEXT_TO_SPEECH
from tritone_client.command import speaking
from tritone_client.command.audio_outputs import (
    DEFAULT_FORMAT,
    STDOUT,
    AudioOutput,
    open_file,
    open_folder,
)
from tritone_client.command.batch import concurrency_option, process_all
from tritone_client.command.connection import (
    Connection,
    connected,
    error_text,
    exit_with,
    print_error,
    run,
    run_blocking,
)
from tritone_client.command.outputs import without_existing
from tritone_client.command.skipped import SkippedItem, report_skipped
from tritone_client.command.speaking import stdin_pieces
from tritone_client.command.synthesis_report import SynthesisReport, SynthesizedFile
from tritone_client.command.texts import STDIN, Text, given_text, texts_from
from tritone_client.errors import InvalidRequestError, TritoneError
from tritone_client.synthesis import FORMATS, AudioFormat, SynthesisOptions


@click.command()
@click.argument("text", metavar="[TEXT|-]", nargs=-1)
@click.option(
    "-o",
    "--output",
    metavar="FILE|FOLDER|-",
    help="Output file, which is overwritten; - is stdout, at once if WAV or PCM. With --from a folder.",
)
@click.option("--play", is_flag=True, help="Play it on the loudspeaker while it is synthesized.")
@click.option(
    "--device",
    metavar="NAME|NUMBER",
    help="With --play: another loudspeaker than the default one; `tritone listen --list-devices` lists them.",
)
@click.option(
    "--reading",
    is_flag=True,
    help="Print the text in words, as it would be spoken, without synthesis.",
)
@click.option(
    "--from",
    "place",
    metavar="FILE|FOLDER|-",
    help="Synthesize each line of a file or stdin, or each .txt file of a folder, to a separate file.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="Output format; pcm is 16-bit mono without a header.  [default: by the suffix of FILE, else wav]",
)
@click.option("--seed", type=int, metavar="N", help="Equal seeds give equal audio.  [default: random]")
@click.option("--speed", type=float, metavar="X", help="0.5 (slow) to 2 (fast), same pitch.  [default: 1]")
@click.option(
    "--sigma",
    type=float,
    metavar="X",
    help="Spread of the vocoder's noise, 0 to 1.  [default: the voice's]",
)
@click.option(
    "--denoise", type=float, metavar="X", help="Remove the vocoder's bias noise, 0 to 1.  [default: 0]"
)
@click.option(
    "--pitch",
    type=float,
    metavar="X",
    help="Raise the pitch, -3 to 3 standard deviations of the training data; not every voice.  [default: 0]",
)
@click.option(
    "--speaker", type=int, metavar="N", help="Index of a voice with several speakers.  [default: 0]"
)
@click.option("-r", "--recursive", is_flag=True, help="Descend into subfolders.")
@click.option("--skip-existing", is_flag=True, help="Skip texts with an existing output file.")
@concurrency_option("texts")
@connected
def synthesize(
    connection: Connection,
    text: tuple[str, ...],
    output: str | None,
    play: bool,
    device: str | None,
    reading: bool,
    place: str | None,
    format_: AudioFormat | None,
    seed: int | None,
    speed: float | None,
    sigma: float | None,
    denoise: float | None,
    pitch: float | None,
    speaker: int | None,
    recursive: bool,
    skip_existing: bool,
    concurrency: int,
) -> None:
    """Synthesize TEXT to an audio file, play it, or print it as it would be spoken.

    Several arguments are joined to one text; - reads the text from stdin. With --play and with -o - it is
    spoken while it comes in, sentence by sentence.

    Exit code 0 when every text succeeded, 1 when any failed (the others are still done), 2 for wrong usage.
    """
    if bool(text) == (place is not None):
        raise click.UsageError("expected either TEXT or --from.")
    if (output is not None) + reading + play != 1:
        raise click.UsageError("expected one of -o / --output, --play or --reading.")
    if play and (place is not None or format_ is not None):
        raise click.UsageError("--play speaks one text, got --from or --format; -o writes files.")
    if play and skip_existing:
        raise click.UsageError("--skip-existing is for files, got --play.")
    if device is not None and not play:
        raise click.UsageError("--device is for --play.")
    try:
        options = SynthesisOptions(seed, speed, sigma, denoise, pitch, speaker)
    except InvalidRequestError as error:
        raise click.UsageError(f"--{error}") from error
    if place is None:
        if not skip_existing:
            _speak(connection, text, output, play, device, format_, options)
        texts, all_usable = _texts(STDIN, lambda: [given_text(text)])
    else:
        texts, all_usable = _texts(place, lambda: texts_from(place, recursive))
    if output is None:
        exit_with(run(_print_readings(connection, texts, concurrency)) and all_usable)
    target = open_file(output, format_) if place is None else open_folder(output, format_, texts)
    if skip_existing:
        texts = without_existing(texts, target.path)
    succeeded = not texts or run(_synthesize(connection, texts, target, options, concurrency))
    exit_with(succeeded and all_usable)


def _speak(
    connection: Connection,
    text: tuple[str, ...],
    output: str | None,
    play: bool,
    device: str | None,
    format: AudioFormat | None,
    options: SynthesisOptions,
) -> None:
    """Speak one text while it is synthesized, and exit; return if it has to be synthesized as a whole."""
    pieces: str | Iterator[str] = stdin_pieces() if text == (STDIN,) else " ".join(text)
    if play:
        if connection.protocol != "grpc":
            raise click.UsageError("--play needs --protocol grpc, by default on port 8001.")
        exit_with(run_blocking(lambda: speaking.play(connection, pieces, options, device), "loudspeaker"))
    streamed = format or DEFAULT_FORMAT
    if output != STDOUT or not (streamed == "wav" or streamed == "pcm"):
        return
    open_file(output, format)  # refuses a terminal

    def work() -> bool:
        return not speaking.can_stream(connection) or exit_with(
            speaking.write_stream(connection, pieces, options, streamed)
        )

    if not run_blocking(work, STDOUT):
        exit_with(False)


def _texts(place: str, read: Callable[[], Iterable[Text | SkippedItem]]) -> tuple[list[Text], bool]:
    """Return the texts, and whether there were no failures among the skipped items."""
    try:
        texts, all_usable = report_skipped(read())
    except (OSError, TritoneError) as error:
        print_error(error_text(error), click.format_filename(place))
        exit_with(False)
    if not texts and all_usable:
        print_error(
            "expected at least one line or .txt file with text, got none", click.format_filename(place)
        )
        exit_with(False)
    return texts, all_usable


async def _synthesize(
    connection: Connection,
    texts: Sequence[Text],
    output: AudioOutput,
    options: SynthesisOptions,
    concurrency: int,
) -> bool:
    async with connection.client() as client:
        await client.wait_until_ready(connection.wait_s, [TEXT_TO_AUDIO])

        async def spoken(text: Text) -> SynthesizedFile:
            started_s = time.perf_counter()
            content = await client.synthesize_encoded(text.text, output.format, **asdict(options))
            return SynthesizedFile(content, time.perf_counter() - started_s)

        report = SynthesisReport(output)
        succeeded = await process_all(texts, spoken, report.write, concurrency)
    report.close()
    return succeeded


async def _print_readings(connection: Connection, texts: Sequence[Text], concurrency: int) -> bool:
    async with connection.client() as client:
        await client.wait_until_ready(connection.wait_s, [TEXT_TO_SPEECH])

        async def reading(text: Text) -> str:
            return await client.reading(text.text)

        return await process_all(texts, reading, lambda _, words: click.echo(words), concurrency)
