"""`python -m tritone_gateway`: the same as `tritone-gateway`."""

from tritone_gateway.command import main

main()
