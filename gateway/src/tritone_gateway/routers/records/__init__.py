"""REST with stored records."""

from tritone_gateway.routers.records import asr, media, tts

ROUTERS = (asr.router, tts.router, media.router)
