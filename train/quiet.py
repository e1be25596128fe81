"""Keep the libraries' own chatter off the screen; Marsad says what a user needs to know."""

from __future__ import annotations

import datasets
import transformers


def quiet_libraries() -> None:
    """Silence progress bars and notices of transformers and datasets; errors still show.

    For the command line only: a library that is imported must not change its neighbours.
    """
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    datasets.disable_progress_bars()
