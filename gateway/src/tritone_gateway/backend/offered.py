"""The names of the recognisers and voices that there are, remembered between requests."""

from __future__ import annotations

import time

from tritone_client import Catalogue

from tritone_gateway.backend import SpeechBackend

_AGAIN_S = 1.0  # between two questions about names that are unknown


class Offered:
    """Knows which names exist. The speech service is asked only for names that it has not had before.

    Args:
        backend: the speech service.
    """

    def __init__(self, backend: SpeechBackend) -> None:
        self._backend = backend
        self._recognisers: set[str] = {""}
        self._voices: set[str] = {""}
        self._asked_s = -_AGAIN_S

    async def has_recogniser(self, name: str) -> bool:
        """Whether there is a recogniser; the empty name is that of the default one."""
        return name in self._recognisers or (await self._refreshed() and name in self._recognisers)

    async def has_voice(self, name: str) -> bool:
        """Whether there is a voice; the empty name is that of the default one."""
        return name in self._voices or (await self._refreshed() and name in self._voices)

    async def catalogue(self) -> Catalogue:
        """Ask for everything that there is now."""
        found = await self._backend.catalogue()
        self._recognisers = {"", *(recogniser.name for recogniser in found.recognisers)}
        self._voices = {"", *(voice.name for voice in found.voices)}
        return found

    async def _refreshed(self) -> bool:
        if time.monotonic() < self._asked_s + _AGAIN_S:
            return False
        await self.catalogue()
        self._asked_s = time.monotonic()
        return True
