"""What the classes of all areas of settings share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Area(BaseModel):
    """Settings whose docstrings are their help."""

    model_config = ConfigDict(use_attribute_docstrings=True)
