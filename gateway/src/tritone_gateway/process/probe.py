"""Ask a gateway on this machine whether it is ready, as health checks of containers do."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request

from tritone_gateway.process.addresses import local_url
from tritone_gateway.settings import Settings


def failure(settings: Settings, timeout_s: float) -> str | None:
    """Return why the gateway with these settings is not ready; None if it is."""
    scheme = "https" if settings.tls_certificate else "http"
    url = local_url(scheme, settings.gateway_address, settings.gateway_port) + "/health/ready"
    # The certificate names the host that clients call, not this address; nothing secret is sent.
    context = ssl._create_unverified_context() if scheme == "https" else None
    try:
        with urllib.request.urlopen(url, timeout=timeout_s, context=context):
            return None
    except urllib.error.HTTPError as error:
        return f"{url}: expected status 200, got {error.code}."
    except OSError as error:
        return f"{url}: no answer ({getattr(error, 'reason', error)})."
