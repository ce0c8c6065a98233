"""`python -m tritone_client.command` is the `tritone` command."""

from tritone_client.command import main

main(prog_name="tritone")
