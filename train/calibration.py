"""What makes a span's score the chance that the span is right: a temperature, and thresholds.

Stored in a model folder as ``calibration.json``, plain data that ``marsad calibrate`` writes:

``temperature``
    What the logits are divided by before probabilities are made of them (Guo et al. 2017, "On
    Calibration of Modern Neural Networks"). It moves scores, and never the spans.
``fitted_on``
    How many ``documents`` and predicted ``spans``, how many of those were ``right``, and the
    ``sha256`` of the annotated data; see :func:`train.corpus.fingerprint`.
``thresholds``
    For each precision that was asked for, for each label the lowest score with which spans are
    that precise; null where no score is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from train.errors import ModelError
from train.lines import write_whole

_UNUSABLE = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,  # a number of hundreds of digits
    RecursionError,  # lists in lists, thousands deep
)

Thresholds = Mapping[str, float | None]
"""The lowest score of each label; None where no score will do."""


@dataclass(frozen=True, slots=True)
class FittedOn:
    """The annotated data that a calibration was fitted on."""

    documents: int
    spans: int
    """Spans that the model found in them."""
    right: int
    """Spans among them that are those of the annotation, borders and label."""
    sha256: str

    @property
    def is_sound(self) -> bool:
        """Whether it holds what it should, which a file may not."""
        counts = (self.right, self.spans, self.documents)
        return (
            isinstance(self.sha256, str)
            and all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in counts)
            and self.right <= self.spans
        )


@dataclass(frozen=True, slots=True)
class Calibration:
    """How the scores of a model are to be read; without values, as the model gives them."""

    temperature: float = 1.0
    fitted_on: FittedOn | None = None
    thresholds: Mapping[str, Thresholds] = field(default_factory=dict)
    """By precision, written as :func:`precision_key` does."""

    def thresholds_for(self, precision: float) -> Thresholds | None:
        """Return the lowest score of each label for a precision; None where none are stored."""
        return self.thresholds.get(precision_key(precision))

    def to_dict(self) -> dict[str, Any]:
        """Return what ``calibration.json`` holds."""
        return {
            "temperature": self.temperature,
            "fitted_on": None if self.fitted_on is None else asdict(self.fitted_on),
            "thresholds": {key: dict(labels) for key, labels in self.thresholds.items()},
        }


def precision_key(precision: float) -> str:
    """Return a precision as a key, all of its digits: ``0.95`` for 0.95 and for 0.950."""
    return repr(float(precision)).removesuffix(".0")


def write_calibration(calibration: Calibration, path: Path) -> None:
    """Write ``calibration.json``.

    Raises:
        InputError: it cannot be written.
    """
    with write_whole(path) as file:
        json.dump(calibration.to_dict(), file, ensure_ascii=False, indent=2)
        file.write("\n")


def read_calibration(path: Path, labels: tuple[str, ...]) -> Calibration:
    """Read ``calibration.json`` of a model that marks ``labels``.

    Raises:
        ModelError: it holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        fitted_on = content["fitted_on"]
        calibration = Calibration(
            float(content["temperature"]),
            None if fitted_on is None else FittedOn(**fitted_on),
            {
                precision_key(float(key)): {
                    label: None if value is None else float(value)
                    for label, value in scores.items()
                }
                for key, scores in content["thresholds"].items()
            },
        )
    except _UNUSABLE as error:
        raise _refused(path, f"{type(error).__name__}: {error}") from None
    if calibration.fitted_on is not None and not calibration.fitted_on.is_sound:
        raise _refused(path, f"fitted_on {fitted_on}, expected whole numbers and a sha256")
    temperature = calibration.temperature
    if not (math.isfinite(temperature) and temperature > 0):
        raise _refused(path, f"temperature {temperature}, expected a number above 0")
    for key, scores in calibration.thresholds.items():
        if set(scores) != set(labels):
            raise _refused(path, f"thresholds {key} are for {', '.join(scores)}")
        if not all(value is None or 0 <= value <= 1 for value in scores.values()):
            raise _refused(path, f"thresholds {key} are not all between 0 and 1")
    return calibration


def _refused(path: Path, why: str) -> ModelError:
    return ModelError(
        f"{path}: cannot be used ({why}); write it again with `marsad calibrate {path.parent} DATA`"
    )
