"""English text, from written to spoken and back.

A language is a package with this interface: `READ_ALOUD`, the characters beyond ASCII that it reads, and
`Normaliser`; `written.WrittenForm`, for recognised text, stands apart, since it loads grammars.
"""

from .initialisms import letter_names
from .normalisation import Normaliser
from .signs import READ_ALOUD

__all__ = ["READ_ALOUD", "Normaliser", "letter_names"]
