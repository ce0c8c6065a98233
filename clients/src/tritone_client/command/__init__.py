"""The `tritone` command."""

from __future__ import annotations

import os

import click

from tritone_client.command.health import health
from tritone_client.command.listen import listen
from tritone_client.command.models import models, voices
from tritone_client.command.punctuate import punctuate
from tritone_client.command.synthesize import synthesize
from tritone_client.command.transcribe import transcribe


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tritone-client", prog_name="tritone")
def main() -> None:
    """Transcribe recordings and live speech, punctuate text and speak it with a tritone server."""
    # gRPC is loaded later, with the transport. Its log messages duplicate the errors that are reported.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")


main.add_command(transcribe)
main.add_command(listen)
main.add_command(punctuate)
main.add_command(synthesize)
main.add_command(health)
main.add_command(models)
main.add_command(voices)
