"""A server whose queues are short, so that a few requests overload it."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager

from tritone.server import Ports, ServerOptions, TritonServer
from tritone.server.options import REPOSITORIES


@contextmanager
def small_server(folder, **parameters):
    """Serve a copy of the models; keywords are values for all configs that have them."""
    models = shutil.copytree(REPOSITORIES[0], folder / "models")
    for path in models.glob("*/config.pbtxt"):
        text = path.read_text()
        for name, value in parameters.items():
            text = re.sub(rf"\b{name}: \d+", f"{name}: {value}", text)
            text = re.sub(rf'("{name}" value: {{ string_value: ")\d+"', rf'\g<1>{value}"', text)
        path.write_text(text)
    options = ServerOptions(repositories=[models, *REPOSITORIES[1:]], ports=Ports.free())
    with TritonServer(options, log=folder / "tritonserver.log") as server:
        yield server
