"""English words as they are written: inverse text normalisation ("two hundred dollars" as $200)."""

from .form import WrittenForm

__all__ = ["WrittenForm"]
