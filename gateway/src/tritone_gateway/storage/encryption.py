"""Encryption of stored audio by Fernet, in pieces: a range is read without decrypting what is before it."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from tritone_gateway.errors import InternalError, StartupError

PIECE_BYTES = 64 * 1024  # of audio in each token
_PLACE_BYTES = 20  # before the audio in each token: 16 of its file, 4 of its index
#: Of a whole token: version, time, initialisation vector, padded text, HMAC.
SEALED_BYTES = 1 + 8 + 16 + ((PIECE_BYTES + _PLACE_BYTES) // 16 + 1) * 16 + 32


class AudioCipher:
    """Seals pieces of files.

    Each piece says which file and which place it belongs to, so that pieces cannot be exchanged or moved.

    Args:
        keys: of Fernet, the newest first: it encrypts, all decrypt.
    """

    def __init__(self, keys: list[Fernet]) -> None:
        self._newest = keys[0]
        self._fernet = MultiFernet(keys)

    def sealed(self, path: str, index: int, piece: bytes) -> bytes:
        """Return a piece of a file as it is stored; all pieces but the last have `PIECE_BYTES`."""
        return urlsafe_b64decode(self._fernet.encrypt(_place(path, index) + piece))

    def opened(self, path: str, index: int, sealed: bytes) -> bytes:
        """Return a stored piece of a file.

        Raises:
            InternalError: no key fits, or the piece was changed.
        """
        try:
            content = self._fernet.decrypt(urlsafe_b64encode(sealed))
        except InvalidToken as error:
            raise InternalError("The stored audio cannot be decrypted; the log has the reason.") from error
        if content[:_PLACE_BYTES] != _place(path, index):
            raise InternalError("The stored audio was changed; the log has the reason.")
        return content[_PLACE_BYTES:]

    def is_newest(self, sealed: bytes) -> bool:
        """Return whether the newest key encrypted a stored piece."""
        try:
            self._newest.decrypt(urlsafe_b64encode(sealed))
        except InvalidToken:
            return False
        return True


def _place(path: str, index: int) -> bytes:
    return hashlib.sha256(path.encode()).digest()[:16] + index.to_bytes(4, "big")


def read_keys(file: Path) -> AudioCipher:
    """Return the cipher for a file with one Fernet key a line, the newest first.

    Raises:
        StartupError: the file has none, or something else.
    """
    try:
        lines = file.read_text("ascii").split()
        keys = [Fernet(line) for line in lines]
    except (OSError, ValueError) as error:
        raise StartupError(
            f"audio_key_file: expected Fernet keys, one a line, in {file}; "
            "`tritone-gateway audio-key` makes one."
        ) from error
    if not keys:
        raise StartupError(f"audio_key_file: expected at least one key in {file}, got none.")
    return AudioCipher(keys)
