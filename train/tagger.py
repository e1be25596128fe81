"""The tagger: texts in, documents with spans out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from train.batches import plan_batches
from train.document import Document, Span
from train.errors import MarsadError
from train.model_folder import open_model, shipped_tagger
from train.preprocessor import EncodedWindow, Prepared, Preprocessor
from train.runtime import OnnxRuntime, Runtime
from train.tags import Logits, TagSet

MAX_BATCH_TOKENS = 4_096
"""Padded sub-words that go through the model at once; bounds memory."""
LOOK_AHEAD = 256
"""Documents that are prepared together, so that batches hold windows of similar length."""


@dataclass(slots=True)
class Coverage:
    """What the model could not see as it stands, counted over all texts tagged so far."""

    words: int = 0
    substituted: int = 0
    """Words without any sub-word, shown to the model as the unknown token."""
    clipped: int = 0
    """Words longer than half a window, of which the model saw only the first sub-words."""


class Tagger:
    """Tags texts with a trained model.

    >>> from train import Tagger
    >>> tagger = Tagger.load()
    >>> [document] = tagger(["قتل جنديان في قصف بطائرة مسيرة"])
    >>> [(document.text[s.start : s.end], s.label) for s in document.spans]
    [('جنديان', 'CASUALTY'), ('بطائرة مسيرة', 'WEAPON')]
    """

    def __init__(self, preprocessor: Preprocessor, runtime: Runtime, labels: Sequence[str]):
        self.preprocessor = preprocessor
        self.runtime = runtime
        self.tags = TagSet(labels)
        self.coverage = Coverage()

    @classmethod
    def load(cls, path: Path | str | None = None, threads: int | None = None) -> Tagger:
        """Load a model folder; the shipped tagger where ``path`` is None.

        Args:
            path: a folder that ``marsad train`` made.
            threads: cores for the model; all that the process may use where it is None.

        Raises:
            ModelError: the folder is missing, incomplete or unsafe.
        """
        folder = open_model(Path(path) if path is not None else shipped_tagger())
        return cls(folder.preprocessor, OnnxRuntime(folder.graph, threads), folder.labels)

    def __call__(self, texts: Iterable[str]) -> list[Document]:
        """Tag ``texts``; the result has one document for each, in order.

        Raises:
            TypeError: ``texts`` is a single string, or one of them is not a string.
        """
        if isinstance(texts, str):
            raise TypeError("texts must be several texts; for one text, write tagger([text])")
        return list(self.tag(Document(str(i), text) for i, text in enumerate(texts, start=1)))

    def tag(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Yield each document, in order, with the spans that the model finds in its text.

        Documents are read in stretches of ``LOOK_AHEAD``, so memory does not grow with their
        number. Texts may have any length; an empty one comes back without spans. The model reads
        sentence by sentence; the tags are decoded over the whole text, so a mention that a line
        break cuts in two is one span.
        """
        stream = iter(documents)
        fault: MarsadError | None = None
        while fault is None:
            stretch: list[Document] = []
            try:
                stretch.extend(islice(stream, LOOK_AHEAD))
            except MarsadError as error:
                fault = error  # what was read before it is tagged first
            if not stretch and fault is None:
                return
            for document in stretch:
                if not isinstance(document.text, str):
                    raise TypeError(f"a text must be a string, not {type(document.text).__name__}")
            found = self.find([document.text for document in stretch])
            for document, spans in zip(stretch, found, strict=True):
                yield replace(document, spans=spans)
        raise fault

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """Return the spans of each text; all texts are held in memory at once."""
        prepared = [self.preprocessor(text) for text in texts]
        windows = [window for text in prepared for window in text.windows]
        rows = iter(self._forward(windows))
        spans = []
        for text in prepared:
            parts = [self._owned(window, next(rows)) for window in text.windows]
            logits = np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)
            spans.append(self.tags.decode(text.words, logits))
        self._count(prepared)
        return spans

    def _forward(self, windows: Sequence[EncodedWindow]) -> list[Logits]:
        """Return the logits of each window's words, ``[words, tags]``, in the given order."""
        rows: list[Logits] = [np.zeros((0, 0), dtype=np.float32)] * len(windows)
        lengths = [len(window.input_ids) for window in windows]
        for batch in plan_batches(lengths, MAX_BATCH_TOKENS):
            width = max(lengths[index] for index in batch)
            input_ids = np.full((len(batch), width), self.preprocessor.special.pad, dtype=np.int64)
            attention_mask = np.zeros((len(batch), width), dtype=np.int64)
            for row, index in enumerate(batch):
                input_ids[row, : lengths[index]] = windows[index].input_ids
                attention_mask[row, : lengths[index]] = 1
            logits = self.runtime(input_ids, attention_mask)
            for row, index in enumerate(batch):
                rows[index] = logits[row, windows[index].heads]
        return rows

    @staticmethod
    def _owned(encoded: EncodedWindow, logits: Logits) -> Logits:
        window = encoded.window
        return logits[window.owned_first - window.first : window.owned_last - window.first]

    def _count(self, prepared: Sequence[Prepared]) -> None:
        for text in prepared:
            self.coverage.words += len(text.words)
            self.coverage.substituted += text.substituted
            self.coverage.clipped += text.clipped
