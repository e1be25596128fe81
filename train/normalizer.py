"""The text as the model sees it, with a map back to the text as the user gave it.

The model is shown a plainer spelling than newspapers, phones and scanners write. Nothing here
changes a text that Marsad reads or returns: offsets always refer to the original.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass
from typing import Any

from train.words import CONTROLS, MARKS

TATWEEL = "\u0640"
_TASHKEEL = re.compile(
    "[\u0610-\u061a\u064b-\u0652\u0656-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]"
)
_CONTROL = re.compile(f"[{CONTROLS}]")
_JOINS = re.compile(f"[{MARKS}{CONTROLS}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ALEF = {ord(c): "ا" for c in "أإآٱ"}
_YA = {ord("ى"): "ي"}


@dataclass(frozen=True, slots=True)
class Normalized:
    """A normalised text; character ``i`` comes from ``original[starts[i]:ends[i]]``."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Normalizer:
    """How a text is simplified for the model; stored with every model.

    Presentation forms and other compatibility characters are always resolved (NFKC), invisible
    controls always dropped, and lone surrogates, which no tokenizer accepts, always shown as
    U+FFFD. The rest is a choice:
    """

    tashkeel: bool = True
    """Drop short vowels, tanwin, shadda, sukun and Quranic marks (a hamza or madda stays)."""
    tatweel: bool = True
    """Drop the lengthening stroke."""
    digits: bool = True
    """Write every decimal digit, Arabic-Indic and Persian ones too, as 0-9."""
    alef: bool = False
    """Write every alef with hamza, madda or wasla as a bare alef."""
    ya: bool = False
    """Write alef maqsura as ya."""

    def __call__(self, text: str) -> str:
        """Return the normalised form of ``text``."""
        if text.isascii() and not _CONTROL.search(text):
            return text
        return "".join(self._cluster(cluster) for cluster in _clusters(text))

    def align(self, text: str) -> Normalized:
        """Return the normalised form of ``text`` with each character's origin.

        For those who show or search what the model sees. Tagging does not need it, since words
        are normalised one by one.

        The text is ``normalizer(text)``, and the origins run in text order.
        """
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        position = 0
        for cluster in _clusters(text):
            piece = self._cluster(cluster)
            pieces.append(piece)
            starts.extend([position] * len(piece))
            position += len(cluster)
            ends.extend([position] * len(piece))
        return Normalized("".join(pieces), tuple(starts), tuple(ends))

    def to_dict(self) -> dict[str, Any]:
        """Return the choices as plain values, for JSON."""
        return asdict(self)

    def _cluster(self, cluster: str) -> str:
        out = _SURROGATE.sub("\ufffd", _CONTROL.sub("", cluster))
        out = unicodedata.normalize("NFKC", out)
        if self.tashkeel:
            out = _TASHKEEL.sub("", out)
        if self.tatweel:
            out = out.replace(TATWEEL, "")
        if self.digits and not out.isascii():
            out = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in out)
        if self.alef:
            out = out.translate(_ALEF)
        if self.ya:
            out = out.translate(_YA)
        return out


def _clusters(text: str) -> list[str]:
    """Cut ``text`` into base characters with the marks and invisible controls that follow them.

    Composition (alef + hamza above = أ) happens inside such a cluster only, so normalising
    cluster by cluster keeps an exact map back.
    """
    clusters: list[str] = []
    for character in text:
        if clusters and _JOINS.match(character):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters
