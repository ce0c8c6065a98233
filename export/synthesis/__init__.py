"""What both halves of a voice share, of whichever families they are."""
