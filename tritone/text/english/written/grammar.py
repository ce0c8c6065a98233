"""The English grammars for inverse text normalisation of the package `wetext`, run with `kaldifst`.

Two transducers: the tagger turns words into tokens whose fields hold the words themselves, such as
`money { value: "two hundred" currency: "dollars" }`; the verbaliser turns tokens into written text. Only these two
files are read: importing `wetext` would load the grammars of all its languages.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import kaldifst

from ....errors import ArtifactError

WORD = "word"  # kind of a token that stays as it is
_TOKEN = re.compile(r"(\w+) \{((?: \w+: \"[^\"]*\")*) \}\s*")
_FIELD = re.compile(r"(\w+): \"([^\"]*)\"")
_NOT_SPOKEN = frozenset(["preserve_order", "style", "kind"])  # fields that say how to write the others
# The order in which the verbaliser takes the fields.
_ORDER = {
    "date": ("year", "month", "day"),
    "fraction": ("sign", "numerator", "denominator"),
    "measure": ("numerator", "denominator", "value", "units"),
    "money": ("currency", "value", "decimal", "quantity"),
    "time": ("hour", "minute", "second", "noon", "zone"),
    "telephone": ("country_code", "number_part"),
    "electronic": ("username", "domain", "protocol"),
}


@dataclass(frozen=True)
class Token:
    """A stretch of words that belong together."""

    kind: str  #: such as cardinal, money, date
    fields: dict[str, str]  #: in spoken order

    @property
    def spoken(self) -> dict[str, list[str]]:
        """The words of each field, in spoken order."""
        return {name: value.split() for name, value in self.fields.items() if name not in _NOT_SPOKEN}

    @property
    def words(self) -> list[str]:
        """All words, in spoken order."""
        return [word for words in self.spoken.values() for word in words]

    def ordered(self) -> str:
        """Return the token as the verbaliser takes it."""
        names = list(self.fields)
        if self.kind in _ORDER and self.fields.get("preserve_order") != "true":
            first = [name for name in _ORDER[self.kind] if name in self.fields]
            names = first + [name for name in names if name not in first]
        return f"{self.kind} {{" + "".join(f' {name}: "{self.fields[name]}"' for name in names) + " }"


class Grammar:
    """Tags words and writes tokens; may be used from several threads.

    Raises:
        ArtifactError: the package `wetext` or its English grammars are missing.
    """

    def __init__(self) -> None:
        spec = importlib.util.find_spec("wetext")
        folders = list(spec.submodule_search_locations or []) if spec else []
        folder = Path(folders[0], "fsts/en/itn") if folders else None
        files = [folder / f"{name}.fst" for name in ("tagger", "verbalizer")] if folder else []
        if not files or not all(path.is_file() for path in files):
            raise ArtifactError(
                f"wetext: expected its English grammars, found {folder or 'no such package'}; run `make setup`."
            )
        self._tag, self._verbalise = (kaldifst.TextNormalizer(str(path)) for path in files)

    def tokens(self, words: Sequence[str]) -> list[Token]:
        """Split words into tokens.

        Args:
            words: lower-case English, letters and apostrophes.

        Returns:
            Tokens whose words together are exactly `words`; none if the grammar finds no way through them.
        """
        tagged = self._tag(" ".join(words))
        tokens = [
            _plain(Token(kind, dict(_FIELD.findall(fields)))) for kind, fields in _TOKEN.findall(tagged)
        ]
        return tokens if [word for token in tokens for word in token.words] == list(words) else []

    def write(self, token: Token) -> str:
        """Return the written text of a token; "" if the grammar has none."""
        return str(self._verbalise(token.ordered())).strip()


def _plain(token: Token) -> Token:
    """Take nine digits and more for a mere series, not for a social security number or one with a country code.

    Telephone numbers are those of ten digits, or with "plus" before them.
    """
    code, kind = token.fields.get("country_code", "plus"), token.fields.get("kind")
    if token.kind != "telephone" or ("plus" in code.split() and kind == "phone"):
        return token
    return Token(token.kind, {"number_part": " ".join(token.words), "kind": "serial"})
