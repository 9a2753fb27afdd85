"""One device's engine: step and view. The types and docstrings are in client.pyi; the code is engine/core."""

from inmost_engine._native import client as _native

__all__ = ["Engine", "Refused"]
Engine = _native.Engine
Refused = _native.Refused
