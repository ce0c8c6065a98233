"""How much context streams of a recogniser need, measured on recordings."""
