"""How far two annotations of the same texts agree.

Agreement is the strict span F1 of one against the other, which does not depend on which of them is
called gold (Hripcsak and Rothschild 2005: where most of a text is marked by neither, it is what
kappa comes to).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from train.document import Document
from train.errors import InputError
from train.metrics import Scores, score


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two annotations side by side."""

    scores: Scores
    first: list[Document]
    second: list[Document]
    """The texts that both have, in the order of the first."""
    only_first: int
    only_second: int
    """Texts that the other does not have."""

    @property
    def differing(self) -> list[tuple[Document, Document]]:
        """The pairs that are not marked alike."""
        pairs = zip(self.first, self.second, strict=True)
        return [(a, b) for a, b in pairs if a.spans != b.spans]


def compare(
    first: Sequence[Document], second: Sequence[Document], labels: Sequence[str]
) -> Agreement:
    """Compare two annotations; documents are matched by their texts.

    Raises:
        InputError: they share no text, or one of them has a text twice.
    """
    by_text = []
    for documents, name in ((first, "first"), (second, "second")):
        found = {document.text: document for document in documents}
        if len(found) < len(documents):
            raise InputError(f"the {name} annotation has a text twice; remove one of them")
        by_text.append(found)
    shared = [text for text in by_text[0] if text in by_text[1]]
    if not shared:
        raise InputError("the two have no text in common; are they annotations of the same texts?")
    ours = [by_text[0][text] for text in shared]
    # Ids say where a document stands, and the two stand in different files.
    theirs = [replace(by_text[1][document.text], id=document.id) for document in ours]
    return Agreement(
        score(ours, theirs, labels),
        ours,
        theirs,
        len(by_text[0]) - len(shared),
        len(by_text[1]) - len(shared),
    )
