"""Options that the commands of recognition share."""

from __future__ import annotations

from pathlib import Path

import click

from tritone_client.recognition import DECODERS, VOICE_ACTIVITY

raw_option = click.option(
    "--raw", is_flag=True, help="Output the words as recognised, without punctuation and capitals."
)
written_option = click.option(
    "--written", is_flag=True, help="Output numbers, money, dates and times in figures: $250."
)
decoder_option = click.option(
    "--decoder",
    type=click.Choice(DECODERS),
    help="Search with a language model, or take the likeliest letters.  [default: beam, if there is one]",
)
boost_option = click.option(
    "--boost",
    multiple=True,
    metavar="PHRASE=WEIGHT",
    help="Favour a word or phrase, such as a name; weights are -20 to 20, 5 if omitted. Repeatable.",
)
boost_file_option = click.option(
    "--boost-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Favour the phrases of a file, one PHRASE=WEIGHT a line.",
)
vad_option = click.option(
    "--vad",
    type=click.Choice(VOICE_ACTIVITY),
    help="Recognise only where somebody speaks, or everything.  [default: the server's, usually on]",
)
