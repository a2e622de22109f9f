"""The base of what the desk says, hears and keeps as JSON."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Frozen; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")
