"""The tagger: texts in, documents with spans out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from train.calibration import Calibration
from train.document import Document, Span
from train.engine import MAX_BATCH_TOKENS, Coverage, Engine, Found, K
from train.errors import MarsadError
from train.model_folder import ModelFolder, open_model, shipped_tagger
from train.preprocessor import Preprocessor
from train.runtime import Runtime, available_cores, load_runtime
from train.tags import TagSet

LOOK_AHEAD_DOCUMENTS = 1_000
LOOK_AHEAD_CHARACTERS = 500_000
"""A stretch of documents that is prepared together, so that batches find windows of one length."""
CUDA_BATCH_TOKENS = 32_768


class Tagger:
    """Tags texts with a trained model.

    >>> from train import Tagger
    >>> tagger = Tagger.load()
    >>> [document] = tagger(["قتل جنديان في قصف بطائرة مسيرة"])
    >>> [(document.text[s.start : s.end], s.label) for s in document.spans]
    [('جنديان', 'CASUALTY'), ('بطائرة مسيرة', 'WEAPON')]

    Args:
        preprocessor: text to windows of sub-word ids.
        runtime: windows to logits.
        labels: what the model marks.
        threads: how many batches are computed at once; all cores that the process may use where
            it is None.
        max_batch_tokens: sub-words of one batch.
        runtime_name: ``int8``, ``fp32`` or ``cuda``, for the record.
        fingerprint: SHA-256 over the model's files, for the record.
        calibration: what makes the scores of spans the chance that they are right.
    """

    def __init__(
        self,
        preprocessor: Preprocessor,
        runtime: Runtime,
        labels: Sequence[str],
        threads: int | None = None,
        max_batch_tokens: int = MAX_BATCH_TOKENS,
        runtime_name: str = "",
        fingerprint: str = "",
        calibration: Calibration | None = None,
    ):
        self.preprocessor = preprocessor
        self.runtime = runtime
        self.calibration = calibration or Calibration()
        self.tags = TagSet(labels, self.calibration.temperature)
        self.runtime_name = runtime_name
        self.fingerprint = fingerprint
        self.coverage = Coverage()
        self.engine = Engine(
            preprocessor, runtime, self.tags, threads or available_cores(), max_batch_tokens
        )

    @classmethod
    def load(
        cls, path: Path | str | None = None, threads: int | None = None, runtime: str = "auto"
    ) -> Tagger:
        """Load a model folder; the shipped tagger where ``path`` is None.

        Args:
            path: a folder that ``marsad train`` made.
            threads: cores for the model; all that the process may use where it is None.
            runtime: ``auto``, ``int8``, ``fp32`` or ``cuda``;
                see :func:`train.runtime.load_runtime`.

        Raises:
            ModelError: the folder is missing, incomplete or unsafe, or cannot run so.
        """
        folder = open_model(Path(path) if path is not None else shipped_tagger())
        return cls.of(folder, threads, runtime)

    @classmethod
    def of(cls, folder: ModelFolder, threads: int | None = None, runtime: str = "auto") -> Tagger:
        """Load what :func:`train.model_folder.open_model` has checked; see :meth:`load`.

        Raises:
            ModelError: it cannot run so.
        """
        name, loaded = load_runtime(folder, runtime)
        on_gpu = name == "cuda"
        return cls(
            folder.preprocessor,
            loaded,
            folder.labels,
            threads=1 if on_gpu else threads,  # a GPU takes one batch after the other
            max_batch_tokens=CUDA_BATCH_TOKENS if on_gpu else MAX_BATCH_TOKENS,
            runtime_name=name,
            fingerprint=folder.fingerprint,
            calibration=folder.calibration,
        )

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

        Documents are read in stretches, so memory does not grow with their number. Texts may have
        any length; an empty one comes back without spans. The model reads sentence by sentence;
        the tags are decoded over the whole text, so a mention that a line break cuts in two is one
        span.
        """
        stretches = ((held, [d.text for d in held]) for held in _stretches(documents))
        for held, found in self.stream(stretches):
            for document, spans in zip(held, found.spans, strict=True):
                yield replace(document, spans=spans)

    def stream(self, stretches: Iterable[tuple[K, Sequence[str]]]) -> Iterator[tuple[K, Found]]:
        """Yield what is found in each stretch of texts, in order, with the key it came with.

        See :meth:`train.engine.Engine.stream`; this counts coverage as well.
        """
        for key, found in self.engine.stream(stretches):
            self.coverage += found.coverage
            yield key, found

    @property
    def timings(self) -> dict[str, float]:
        """Seconds spent in each stage so far; see :class:`train.engine.Engine`."""
        return self.engine.seconds

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """Return the spans of each text; all texts are held in memory at once."""
        [(_, found)] = self.stream([(None, texts)])
        return found.spans


def _stretches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    held: list[Document] = []
    characters = 0
    stream = iter(documents)
    while True:
        try:
            document = next(stream)
        except StopIteration:
            break
        except MarsadError:
            if held:
                yield held  # what was read before the fault is tagged first
            raise
        if not isinstance(document.text, str):
            raise TypeError(f"a text must be a string, not {type(document.text).__name__}")
        held.append(document)
        characters += len(document.text)
        if len(held) >= LOOK_AHEAD_DOCUMENTS or characters >= LOOK_AHEAD_CHARACTERS:
            yield held
            held, characters = [], 0
    if held:
        yield held
