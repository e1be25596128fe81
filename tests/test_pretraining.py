"""Pre-training: whole words are hidden, and a killed run goes on as if it had not been."""

from __future__ import annotations

import json
import lzma
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from transformers import AutoModelForTokenClassification, AutoTokenizer

from tests.conftest import CORPUS, ROOT
from train.blocks import Blocks, pack, raw_files, read_raw
from train.config import TrainConfig
from train.dataset import IGNORED
from train.encoder import build_preprocessor, load_tokenizer
from train.errors import ConfigError, InputError, ModelError
from train.inline import parse_line
from train.masking import Masked, WordMasker
from train.preprocessor import Preprocessor
from train.pretraining import Plan, load_masked_language_model, pretrain

TEXTS = [parse_line(line)[0] for line in CORPUS.splitlines()]
MASK, PAD = 4, 0
SPECIAL = [0, 1, 2, 3, 4]


@pytest.fixture(scope="module")
def encoder_folder(encoders: Callable[[str, str], Path]) -> Path:
    return encoders("bert", "unigram")


@pytest.fixture(scope="module")
def preprocessor(encoder_folder: Path) -> Preprocessor:
    config = TrainConfig.model_validate(
        {"encoder": str(encoder_folder), "output_dir": "-", "data": {"train": ["-"]}}
        | {"max_length": 16, "stride": 0}
    )
    return build_preprocessor(load_tokenizer(str(encoder_folder)), config)


def test_rows_hold_the_text_in_order(preprocessor: Preprocessor) -> None:
    blocks = pack(TEXTS, preprocessor, 16)
    suffix = list(preprocessor.special.suffix)
    stream: list[int] = []
    for text in TEXTS:
        [window] = preprocessor_windows(preprocessor, text)
        stream += window + suffix
    body = blocks.input_ids[:, 1:-1].flatten().tolist()
    assert body == stream[: len(body)]
    assert len(stream) - len(body) < 14  # only what does not fill a row is left out
    assert set(blocks.input_ids[:, 0].tolist()) == set(preprocessor.special.prefix)
    assert set(blocks.input_ids[:, -1].tolist()) == set(suffix)


def preprocessor_windows(preprocessor: Preprocessor, text: str) -> list[list[int]]:
    from train.words import split_words

    pieces = preprocessor.sub_words([word.text for word in split_words(text)])
    return [[i for ids in pieces for i in (ids or [preprocessor.special.unknown])]]


def test_starts_count_words(preprocessor: Preprocessor) -> None:
    from train.words import split_words

    blocks = pack(TEXTS * 5, preprocessor, 16)
    words = sum(len(split_words(text)) + 1 for text in TEXTS * 5)  # and one closing token a text
    counted = int(blocks.starts[:, 1:-1].sum())
    assert words - 14 <= counted <= words


def test_several_processes_pack_alike(preprocessor: Preprocessor) -> None:
    one, two = (pack(TEXTS * 900, preprocessor, 16, n) for n in (1, 2))
    assert torch.equal(one.input_ids, two.input_ids)
    assert torch.equal(one.starts, two.starts)


def random_blocks(seed: int, rows: int = 64, length: int = 32) -> Blocks:
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(len(SPECIAL), 50, (rows, length), generator=generator)
    starts = torch.rand((rows, length), generator=generator) < 0.5
    ids[:, 0], ids[:, -1] = 1, 2
    starts[:, 0] = starts[:, -1] = True
    return Blocks(ids, starts)


@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.1, 0.15, 0.3]))
@settings(max_examples=30, deadline=None)
def test_whole_words_are_masked(seed: int, share: float) -> None:
    blocks = random_blocks(seed)
    masker = WordMasker(MASK, SPECIAL, 50, share)
    masked = masker(blocks, torch.Generator().manual_seed(seed))
    hidden = masked.input_ids == MASK
    words = blocks.starts.long().cumsum(1)
    for row in range(len(blocks)):
        for word in words[row].unique():
            inside = words[row] == word
            if not torch.isin(blocks.input_ids[row][inside], torch.tensor(SPECIAL)).any():
                assert hidden[row][inside].all() or not hidden[row][inside].any()
    special = torch.isin(blocks.input_ids, torch.tensor(SPECIAL))
    assert torch.equal(masked.input_ids[special], blocks.input_ids[special])
    predicted(blocks, masked)


def predicted(blocks: Blocks, masked: Masked) -> torch.Tensor:
    """Where something is to be predicted; its labels must be the true ids."""
    where = torch.zeros_like(blocks.input_ids, dtype=torch.bool)
    for row, (positions, labels) in enumerate(zip(masked.positions, masked.labels, strict=True)):
        kept = labels != IGNORED
        assert torch.equal(blocks.input_ids[row][positions[kept]], labels[kept])
        where[row][positions[kept]] = True
    return where


def test_shares_are_those_of_bert() -> None:
    blocks = random_blocks(1, rows=4_000)
    masked = WordMasker(MASK, SPECIAL, 50, 0.15)(blocks, torch.Generator().manual_seed(1))
    where = predicted(blocks, masked)
    ordinary = ~torch.isin(blocks.input_ids, torch.tensor(SPECIAL))
    assert where.sum() / ordinary.sum() == pytest.approx(0.15, abs=0.01)
    now, before = masked.input_ids[where], blocks.input_ids[where]
    assert (now == MASK).float().mean() == pytest.approx(0.8, abs=0.02)
    # A random sub-word is the old one once in 45 times.
    assert (now == before).float().mean() == pytest.approx(0.1 + 0.1 / 45, abs=0.02)
    # Elsewhere nothing changes, but for the few words that a row has no place to predict.
    changed = (masked.input_ids != blocks.input_ids) & ~where
    assert changed.float().mean() < 0.003


def run(encoder: Path, folder: Path, preprocessor: Preprocessor, **options: Any) -> dict[str, Any]:
    plan = Plan(block_size=16, batch_size=4, epochs=options.pop("epochs", 3.0), learning_rate=1e-3)
    blocks = pack(TEXTS * 4, preprocessor, 16)
    masker = WordMasker(MASK, SPECIAL, len(load_tokenizer(str(encoder))), plan.mask_share)
    model = load_masked_language_model(str(encoder), 0.0, 1)
    options = {"resume": False, "save_every": 1e9} | options
    figures = pretrain(
        model, blocks[slice(8, None)], blocks[slice(0, 8)], masker, plan, folder,
        options.pop("report", lambda figures: None), compiled=False, **options,
    )  # fmt: skip
    return figures | {"weights": model.state_dict()}


def test_it_learns(encoder_folder: Path, preprocessor: Preprocessor, tmp_path: Path) -> None:
    short, long = (
        run(encoder_folder, tmp_path, preprocessor, epochs=epochs) for epochs in (0.05, 30)
    )
    assert long["validation_loss"] < short["validation_loss"] - 0.5


class KilledError(Exception):
    """What stops a run in the middle."""


def test_a_killed_run_goes_on_as_if_it_had_not(
    encoder_folder: Path, preprocessor: Preprocessor, tmp_path: Path
) -> None:
    whole = run(encoder_folder, tmp_path / "whole", preprocessor)
    steps: list[int] = []

    def kill(figures: dict[str, Any]) -> None:
        steps.append(figures["step"])
        if len(steps) == 6:  # five checkpoints are written by then
            raise KilledError

    with pytest.raises(KilledError):
        run(encoder_folder, tmp_path / "cut", preprocessor, report=kill, save_every=0.0)
    assert steps[-1] < whole["step"]
    assert [p.name for p in (tmp_path / "cut").iterdir()] == [f"checkpoint-{steps[-2]}"]
    resumed = run(encoder_folder, tmp_path / "cut", preprocessor, resume=True)
    assert resumed["step"] == whole["step"]
    for name, weight in whole["weights"].items():
        torch.testing.assert_close(resumed["weights"][name], weight)
    with pytest.raises(ModelError, match="epochs"):
        run(encoder_folder, tmp_path / "cut", preprocessor, resume=True, epochs=9)


def test_the_script_makes_an_encoder(encoder_folder: Path, tmp_path: Path) -> None:
    with lzma.open(tmp_path / "news.txt.xz", "wt", encoding="utf-8") as file:
        file.write("\n".join(TEXTS * 6))
    (tmp_path / "more.jsonl").write_text(json.dumps({"text": TEXTS[0]}) + "\n", encoding="utf-8")
    command = [
        sys.executable, str(ROOT / "scripts" / "pretrain.py"), str(tmp_path / "news.txt.xz"),
        str(tmp_path / "more.jsonl"), "--encoder", str(encoder_folder), "--output-dir",
        str(tmp_path / "out"), "--batch-size", "4", "--block-size", "16", "--epochs", "1",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["step"] > 1
    AutoModelForTokenClassification.from_pretrained(tmp_path / "out", num_labels=9)
    assert AutoTokenizer.from_pretrained(tmp_path / "out").mask_token == "<mask>"  # noqa: S105
    weights = load_file(tmp_path / "out" / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float16}
    told = json.loads((tmp_path / "out" / "pretraining.json").read_text(encoding="utf-8"))
    assert told["files"] == ["news.txt.xz", "more.jsonl"]
    assert not list((tmp_path / "out").glob("*checkpoint-*"))  # optimizer states are large
    again = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert again.returncode == 2
    assert "holds a finished encoder" in again.stderr
    assert "Traceback" not in again.stderr


def test_text_is_checked_before_a_run_goes_on(
    encoder_folder: Path, preprocessor: Preprocessor, tmp_path: Path
) -> None:
    run(encoder_folder, tmp_path, preprocessor, epochs=0.5, save_every=0.0)
    model = load_masked_language_model(str(encoder_folder), 0.0, 1)
    plan = Plan(block_size=16, batch_size=4, epochs=0.5, learning_rate=1e-3)
    blocks = pack([text + " أمس" for text in TEXTS] * 4, preprocessor, 16)
    masker = WordMasker(MASK, SPECIAL, len(load_tokenizer(str(encoder_folder))), plan.mask_share)
    with pytest.raises(ModelError, match="text"):
        pretrain(
            model, blocks, blocks, masker, plan, tmp_path, print,
            resume=True, compiled=False, save_every=1,
        )  # fmt: skip


def test_the_rate_rises_to_its_peak_and_falls_to_nothing(
    encoder_folder: Path, preprocessor: Preprocessor, tmp_path: Path
) -> None:
    rates: list[float] = []
    step = torch.optim.AdamW.step

    def note(self: torch.optim.AdamW, closure: Any = None) -> Any:
        rates.append(self.param_groups[0]["lr"])
        return step(self, closure)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", note)
        run(encoder_folder, tmp_path, preprocessor, epochs=20.0)
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(1e-3, rel=0.01)
    assert peak / len(rates) == pytest.approx(0.06, abs=0.01)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] < 2e-5


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.txt", b"\xd9", "a.txt:1: found byte 0xd9"),
        ("a.jsonl", b'{"text": "x"}\n{"txt": 1}\n', "a.jsonl:2: found no text"),
        ("a.jsonl", b'{"text": 3}\n', "a.jsonl:1: found a text of type int"),
        ("a.txt.xz", b"no xz at all", "a.txt.xz:1: cannot be read"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, name: str, content: bytes, complaint: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=complaint):
        list(read_raw(tmp_path / name))


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").touch()
    for path in (tmp_path / "a.pdf", tmp_path / "none.txt", tmp_path):
        with pytest.raises(InputError):
            raw_files([path])


def test_too_little_text_is_told(
    encoder_folder: Path, preprocessor: Preprocessor, tmp_path: Path
) -> None:
    model = load_masked_language_model(str(encoder_folder), 0.0, 1)
    blocks = random_blocks(0, rows=3, length=16)
    with pytest.raises(ConfigError, match="fewer than one batch"):
        pretrain(
            model, blocks, blocks, WordMasker(MASK, SPECIAL, 50, 0.15), Plan(), tmp_path,
            print, resume=False, compiled=False, save_every=1,
        )  # fmt: skip
