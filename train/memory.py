"""How much memory this process has used."""

from __future__ import annotations

import sys


def peak_memory() -> int:
    """Return the largest resident size of this process so far, in bytes; 0 where unknown."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
