"""English text, from written to spoken and back.

A language is a package with this interface: `READ_ALOUD`, the characters beyond ASCII that it reads, and
`Normaliser`, and `may_end_sentence` for text that arrives in pieces; `written.WrittenForm`, for recognised text, stands apart, since it loads grammars.
"""

from .endings import may_end_sentence
from .initialisms import letter_names
from .normalisation import Normaliser
from .signs import READ_ALOUD

__all__ = ["READ_ALOUD", "Normaliser", "letter_names", "may_end_sentence"]
