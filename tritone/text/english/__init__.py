"""English: how it writes what is not a word, and how that is read.

A language is a folder with this face: `READ_ALOUD`, the signs beyond ASCII that it reads, and `Normaliser`.
"""

from .initialisms import letter_names
from .normalisation import Normaliser
from .signs import READ_ALOUD

__all__ = ["READ_ALOUD", "Normaliser", "letter_names"]
