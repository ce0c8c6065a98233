"""`tritone transcribe`: transcription of audio files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from tritone_client.calls import AUDIO_TO_TEXT
from tritone_client.command.batch import concurrency_option, process_all
from tritone_client.command.boosting import read_boost
from tritone_client.command.connection import Connection, connected, exit_with, run
from tritone_client.command.outputs import FORMATS, Output, Style, open_output, without_existing
from tritone_client.command.recognition_options import (
    boost_file_option,
    boost_option,
    decoder_option,
    raw_option,
    vad_option,
    written_option,
)
from tritone_client.command.skipped import report_skipped
from tritone_client.command.sources import STDIN, Source, find_sources
from tritone_client.errors import InvalidRequestError
from tritone_client.recognition import (
    MOST_ALTERNATIVES,
    DecoderName,
    RecognitionOptions,
    VoiceActivity,
)
from tritone_client.results import Transcription


@click.command()
@click.argument("files", metavar="FILE|FOLDER|-...", nargs=-1, required=True)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="Plain text; one JSON object per line with word times; SubRip or WebVTT captions.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE|FOLDER",
    help="Write there instead of to stdout. In a folder, each recording gets its own file.",
)
@raw_option
@written_option
@decoder_option
@boost_option
@boost_file_option
@click.option(
    "--alternatives",
    type=click.IntRange(0, MOST_ALTERNATIVES),
    default=0,
    metavar="N",
    help="Return the N most probable transcripts, with --format json.",
)
@vad_option
@click.option("-r", "--recursive", is_flag=True, help="Descend into subfolders.")
@click.option("--skip-existing", is_flag=True, help="Skip recordings with an existing output file.")
@concurrency_option("recordings")
@connected
def transcribe(
    connection: Connection,
    files: tuple[str, ...],
    format_: str,
    output: str | None,
    raw: bool,
    written: bool,
    decoder: DecoderName | None,
    boost: tuple[str, ...],
    boost_file: Path | None,
    alternatives: int,
    vad: VoiceActivity | None,
    recursive: bool,
    skip_existing: bool,
    concurrency: int,
) -> None:
    """Transcribe audio files.

    FILE is WAV, FLAC, OGG, MP3, WebM, MP4 or M4A, AAC, AMR or WMA of any rate; FOLDER means the audio
    files in it; - is a file on stdin. Results come in the order of the arguments.

    Exit code 0 when every file succeeded, 1 when any failed (the others are still done), 2 for wrong usage.
    """
    if raw and written:
        raise click.UsageError("--raw and --written exclude each other: figures are not as recognised.")
    if files.count(STDIN) > 1:
        raise click.UsageError("- can be given once: stdin holds one recording.")
    if STDIN in files and sys.stdin.isatty():
        raise click.UsageError("- expects audio on stdin, got a terminal; pipe a file into it.")
    if alternatives and format_ != "json":
        raise click.UsageError("--alternatives needs --format json; the other formats have one transcript.")
    try:
        options = RecognitionOptions(decoder, read_boost(boost, boost_file), alternatives, vad)
    except InvalidRequestError as error:
        raise click.UsageError(str(error)) from error
    found = list(find_sources(files, recursive))
    sources = [item for item in found if isinstance(item, Source)]
    several = len(files) > 1 or Path(files[0]).is_dir()
    place = open_output(output, Style(format_, raw, named=several, written=written), sources)
    _, all_usable = report_skipped(found)
    if skip_existing:
        sources = without_existing(sources, place.path)
    succeeded = not sources or run(_transcribe(connection, sources, place, concurrency, written, options))
    exit_with(succeeded and all_usable)


async def _transcribe(
    connection: Connection,
    sources: Sequence[Source],
    output: Output,
    concurrency: int,
    written: bool,
    options: RecognitionOptions,
) -> bool:
    async with connection.client() as client:
        await client.wait_until_ready(connection.wait_s, [AUDIO_TO_TEXT])

        async def transcribed(source: Source) -> Transcription:
            return await client.transcribe(source.audio, written=written, **asdict(options))

        return await process_all(sources, transcribed, output.write, concurrency)
