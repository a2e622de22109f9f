"""The pure reading of one message."""

from lotse.sentiment.core.model import HEADS, Limits, Model, model_from_bytes, model_to_bytes
from lotse.sentiment.core.read import read

__all__ = ["HEADS", "Limits", "Model", "model_from_bytes", "model_to_bytes", "read"]
