"""A checkpoint's sidecar files with a small dictionary."""

import json
import string

import pytest

MARKS = [",", ".", "!", "?", "-", ":", ";", "/", '"', "(", ")", "[", "]", "{", "}"]
PHONEMES = [
    *("B", "D", "F", "HH", "K", "L", "M", "N", "NG", "P", "R", "S", "T", "V", "W", "Y", "Z", "AH0", "AH1"),
    *("EH1", "ER1", "IH1", "IY1", "OW1", "AY1", "AE1", "EY1", "UW1"),
]
DICTIONARY = """\
a  AH0
ay  EY1
bee  B IY1
cat  K AE1 T
hello  HH EH1 L OW1
let  L EH1 T
let's  L EH1 T S
read  R IY1 D
read  R EH1 D
sun  S AH1 N
tee  T IY1
t  T IY1
the  DH AH0
well  W EH1 L
wind  W IH1 N D
world  W ER1 L D
"""


def write_voice(folder, kind="phonemes", letters=True, **fields):
    """Write tokenizer.json and the dictionary, like the exporter."""
    symbols = [
        " ",
        *(PHONEMES if kind == "phonemes" else []),
        *(string.ascii_lowercase if letters else ""),
        "'",
        *MARKS,
    ]
    content = {
        "kind": kind,
        "symbols": [*symbols, "<pad>", "<oov>"],
        "pad_id": len(symbols),
        "first_ids": [0],
        "last_ids": [0],
        "punctuation": MARKS,
        "longest_utterance_characters": 72,
    }
    if kind == "phonemes":
        content |= {"stresses": True, "ignore_ambiguous_words": True}
        (folder / "pronunciations.txt").write_text(DICTIONARY)
        (folder / "heteronyms.txt").write_text("wind\n")
    (folder / "tokenizer.json").write_text(json.dumps(content | fields))
    return folder


@pytest.fixture
def voice(tmp_path):
    return write_voice(tmp_path)
