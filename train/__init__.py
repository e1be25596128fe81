"""Marsad: who acted, with what, from where and with how many hurt, out of Arabic news."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from train.document import Document, Span

if TYPE_CHECKING:
    from train.resolver import Resolver
    from train.tagger import Tagger

__all__ = ["Document", "Resolver", "Span", "Tagger", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # The tagger pulls in the model runtime, which reading data does not need.
    if name == "Tagger":
        from train.tagger import Tagger

        return Tagger
    if name == "Resolver":
        from train.resolver import Resolver

        return Resolver
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
