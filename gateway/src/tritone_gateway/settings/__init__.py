"""Settings of the gateway, read from the environment (`TRITONE_...`) and the command line."""

from __future__ import annotations

from pydantic_settings import BaseSettings, SettingsConfigDict

from tritone_gateway.settings.access import AccessSettings
from tritone_gateway.settings.auditing import AuditSettings
from tritone_gateway.settings.jobs import JobSettings
from tritone_gateway.settings.limits import LimitSettings
from tritone_gateway.settings.listening import ListeningSettings
from tritone_gateway.settings.observing import ObservingSettings
from tritone_gateway.settings.openai import OpenAISettings
from tritone_gateway.settings.outgoing import OutgoingSettings
from tritone_gateway.settings.serving import ServingSettings
from tritone_gateway.settings.storage import StorageSettings


class Settings(
    ServingSettings,
    OpenAISettings,
    ListeningSettings,
    OutgoingSettings,
    StorageSettings,
    JobSettings,
    ObservingSettings,
    AccessSettings,
    AuditSettings,
    LimitSettings,
    BaseSettings,
):
    """All settings; each area has a class of its own with its part."""

    model_config = SettingsConfigDict(env_prefix="TRITONE_", extra="ignore", use_attribute_docstrings=True)
