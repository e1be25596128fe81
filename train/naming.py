"""Names for mentions: which party, class of weapon or type of base a span speaks of.

A wrong name is worse than none. What has no name keeps its surface, in plain spelling, so that
equal mentions still come together.
"""

from __future__ import annotations

import re

from train.kinds import Kinds
from train.lexicon import Lexicon
from train.name import Name
from train.particles import without_particles, without_sure_particles
from train.parties import Parties
from train.phrases import phrase_key
from train.words import CONTROLS

_TASHKEEL = re.compile(
    "[\u0610-\u061a\u064b-\u0652\u0656-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
    f"\u0640\ud800-\udfff{CONTROLS}]"
)
_GAPS = re.compile(r"""[\s_#"'«»“”„‘’‹›`()\[\]{}،؛,;]+""")
_LONGEST = 300
"""Characters of the longest mention that is looked up; longer ones are no names."""


class Namer:
    """Names mentions by one lexicon. Made once; safe to share between threads and to pickle."""

    def __init__(self, lexicon: Lexicon):
        self._parties = Parties(lexicon)
        self._kinds = {label: Kinds(lexicon, label) for label in ("WEAPON", "BASE")}

    def name(self, text: str, start: int, end: int, label: str) -> Name | None:
        """Return the name of the mention ``text[start:end]``.

        An ACTOR has the name, type and Wikidata item of its lexicon entry. A WEAPON or BASE has
        those of the kind that :class:`train.kinds.Kinds` finds. Where the lexicon knows nothing,
        ``known`` is false and the name is the mention without tashkeel, tatweel, quotes and
        particles. CASUALTY and labels that are not Marsad's have no names: None.
        """
        mention = text[start:end]
        if label == "ACTOR":
            if len(mention) <= _LONGEST:
                key = phrase_key(mention)
                if key:
                    found = self._parties.find(key.split(" "))
                    if found:
                        return found
            return Name(self._plain(mention))
        kinds = self._kinds.get(label)
        if kinds is None:
            return None
        entry = kinds.find(mention[:_LONGEST])
        if entry is None:
            return Name(self._plain(mention))
        return Name(entry.name, entry.english, entry.type, entry.wikidata, known=True)

    def _plain(self, mention: str) -> str:
        words = _GAPS.sub(" ", _TASHKEEL.sub("", mention)).split()
        if not words:
            return ""
        first = without_sure_particles(words[0])
        if not self._parties.opens(phrase_key(first)):  # of للواء, not الواء is left, but اللواء
            for form in without_particles(words[0]):
                if self._parties.opens(phrase_key(form)):
                    first = form
                    break
        return " ".join([first, *words[1:]])
