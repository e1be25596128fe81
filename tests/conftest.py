"""Tiny random encoders, a tiny corpus, and the shared newswire where it is present."""

from __future__ import annotations

import os
from collections.abc import Callable
from multiprocessing import Pipe
from pathlib import Path
from threading import Thread
from typing import Any

# No test may reach for a hub; set before any library reads it.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import pytest
import torch
from hypothesis import settings
from tokenizers import (
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    BertConfig,
    BertModel,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from train.cli import app, main
from train.config import TrainConfig
from train.corpus import read_corpus
from train.document import Document
from train.inline import parse_line
from train.words import split_words

Run = Callable[..., tuple[int, str, str]]
WIDTH = 80
"""Columns of the terminal of commands that tests run."""
ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
settings.register_profile("marsad", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("marsad")
torch.set_num_threads(1)  # tiny models only lose time in handing work to threads
LABELS = ("ACTOR", "WEAPON", "BASE", "CASUALTY")
SPECIAL = ["<pad>", "<s>", "</s>", "<unk>", "<mask>"]
CHARACTERS = list("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي0123456789.،,()«»%-")
SIZE = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}

CORPUS = """\
قصفت [طائرات حربية](WEAPON) تابعة [للجيش](ACTOR) [معسكر النخيل](BASE) فقتل [جنديان](CASUALTY).
أعلنت [الحكومة](ACTOR) مقتل [عشرة مدنيين](CASUALTY) وإصابة [15 آخرين](CASUALTY) في القصف.
قال [سامي الراوي](ACTOR) إن [المسلحين](ACTOR) أطلقوا [صواريخ](WEAPON) على [قاعدة الوادي](BASE).
افتتح الوزير معرض الكتاب في العاصمة أمس.
استهدفت [مدفعية](WEAPON) [الجيش](ACTOR) [مواقع المسلحين](BASE) [بقذائف هاون](WEAPON).
قُتل [نحو ١٢ مسلحاً](CASUALTY) في غارة على [مخازن أسلحة](BASE) قرب المدينة.
"""


@pytest.fixture(scope="session")
def corpus_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "tiny.txt"
    path.write_text(CORPUS, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def corpus(corpus_file: Path) -> list[Document]:
    return read_corpus([corpus_file], LABELS)


def _beginnings() -> list[str]:
    """The first three letters of each word: pieces that cut longer words in two or more."""
    texts = [parse_line(line)[0] for line in CORPUS.splitlines()]
    return sorted({word.text[:3] for text in texts for word in split_words(text)})


def wordpiece() -> Tokenizer:
    """A tokenizer of the kind of AraBERT, CAMeLBERT and MARBERT."""
    pieces = [*SPECIAL, *CHARACTERS, *("##" + c for c in CHARACTERS), *_beginnings()]
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.BertNormalizer(strip_accents=True, lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return _finish(tokenizer)


def unigram() -> Tokenizer:
    """A tokenizer of the kind of XLM-R, multilingual-e5 and the embedded encoder."""
    pieces = dict.fromkeys(SPECIAL, 0.0) | dict.fromkeys(["▁", *CHARACTERS], -6.0)
    pieces |= dict.fromkeys(("▁" + piece for piece in _beginnings()), -4.0)
    tokenizer = Tokenizer(models.Unigram(list(pieces.items()), SPECIAL.index("<unk>")))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return _finish(tokenizer)


def byte_level() -> Tokenizer:
    """A tokenizer of the kind of RoBERTa."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(
        vocab_size=300,  # the bytes and the special tokens, and a few merges
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_beginnings(), trainer)
    return _finish(tokenizer)


def _finish(tokenizer: Tokenizer) -> Tokenizer:
    ids = [(token, tokenizer.token_to_id(token)) for token in ("<s>", "</s>")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=ids
    )
    return tokenizer


TOKENIZERS: dict[str, Callable[[], Tokenizer]] = {
    "wordpiece": wordpiece,
    "unigram": unigram,
    "byte_level": byte_level,
}


def make_encoder(folder: Path, architecture: str, kind: str, positions: int = 64) -> Path:
    """Save a random encoder with a tokenizer of the given kind."""
    torch.manual_seed(0)
    backend = TOKENIZERS[kind]()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=positions,
        pad_token="<pad>",
        unk_token="<unk>",
        cls_token="<s>",
        sep_token="</s>",
        mask_token="<mask>",
    )
    common: dict[str, Any] = {**SIZE, "vocab_size": backend.get_vocab_size(), "pad_token_id": 0}
    model: Any
    if architecture == "bert":
        model = BertModel(BertConfig(max_position_embeddings=positions, **common))
    else:
        model = XLMRobertaModel(XLMRobertaConfig(max_position_embeddings=positions + 1, **common))
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Return a function from architecture and tokenizer kind to an encoder's folder."""
    made: dict[tuple[str, str], Path] = {}

    def get(architecture: str, kind: str) -> Path:
        key = (architecture, kind)
        if key not in made:
            folder = tmp_path_factory.mktemp(f"{architecture}-{kind}")
            made[key] = make_encoder(folder, architecture, kind)
        return made[key]

    return get


@pytest.fixture
def make_config(
    encoders: Callable[[str, str], Path], corpus_file: Path, tmp_path: Path
) -> Callable[..., TrainConfig]:
    """Return a function that makes a small training config; keywords replace its values."""

    def make(**values: Any) -> TrainConfig:
        base: dict[str, Any] = {
            "encoder": str(encoders("bert", "unigram")),
            "output_dir": str(tmp_path / "run"),
            "data": {
                "train": [str(corpus_file)],
                "validation": [str(corpus_file)],
                "test": [str(corpus_file)],
            },
            "max_length": 64,
            "stride": 16,
            "num_train_epochs": 2,
            "learning_rate": 5e-3,
            "per_device_train_batch_size": 2,
            "bf16": False,
            "device": "cpu",
        }
        return TrainConfig.model_validate(base | values)

    return make


@pytest.fixture(scope="session")
def tiny_model(
    tmp_path_factory: pytest.TempPathFactory,
    encoders: Callable[[str, str], Path],
    corpus_file: Path,
) -> Path:
    """A finished run on the tiny corpus, trained until it has learnt it by heart."""
    from train.run import train

    folder = tmp_path_factory.mktemp("tiny") / "run"
    # Many copies in few epochs: an epoch costs an evaluation and a checkpoint.
    copies = folder.parent / "copies.txt"
    copies.write_text(CORPUS * 10, encoding="utf-8")
    train(
        TrainConfig.model_validate(
            {
                "encoder": str(encoders("bert", "unigram")),
                "output_dir": str(folder),
                "data": {"train": [str(copies)], "validation": [str(corpus_file)]},
                "max_length": 48,
                "stride": 16,
                "num_train_epochs": 8,
                "early_stopping_patience": 8,
                "learning_rate": 1e-2,
                "per_device_train_batch_size": 4,
                "bf16": False,
                "device": "cpu",
            }
        )
    )
    return folder


@pytest.fixture(scope="session")
def newswire() -> Path:
    """The shared annotated newswire, which is not part of the repository."""
    path = SHARED / "newswire"
    if not path.is_dir():
        pytest.skip("../shared/newswire is not here; its sentences cannot be redistributed")
    return path


def run(capsys: pytest.CaptureFixture[str], *args: str | Path) -> tuple[int, str, str]:
    """Run a command in this process; return its exit code and what it wrote to both streams."""
    code = 0
    try:
        main(lambda: app([str(arg) for arg in args], prog_name="marsad"))
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def marsad_here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a command in this process, on a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    return lambda *args: run(capsys, *args)


def sent(thing: Any) -> Any:
    """Return what another process would get of a thing that is sent to it."""
    here, there = Pipe()
    sender = Thread(target=here.send, args=(thing,))  # a pipe holds less than a lexicon
    sender.start()
    received = there.recv()
    sender.join()
    return received
