"""Work that outlives its request, shared by all processes of one database."""
