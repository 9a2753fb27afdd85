"""What a server may check without any secret. The types and docstrings are in public.pyi; the code is engine/public."""

from inmost_engine._native import public as _native

__all__ = [name for name in dir(_native) if not name.startswith("_")]
globals().update({name: getattr(_native, name) for name in __all__})
