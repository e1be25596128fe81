#!/usr/bin/env python3
"""Adapt an encoder to your text by masked-language-model training; whole words are masked.

Texts are .txt files, a text a line, or .jsonl files with a "text"; also .xz and .gz, and folders of
them. A GPU is used where there is one. A stopped run goes on from its last checkpoint (one every
ten minutes) with the same command and --resume. The result is a folder for `encoder:` in a training
config.

    python scripts/pretrain.py news.txt.xz more/ --output-dir runs/encoder
    python scripts/pretrain.py news.txt.xz --minutes 60 --output-dir runs/encoder
    marsad train configs/default.yaml encoder=runs/encoder output_dir=runs/adapted
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from train.errors import ConfigError, MarsadError
from train.terminal import say

LOG, SETTINGS = "log.jsonl", "pretraining.json"


def main(
    texts: Annotated[list[Path], typer.Argument(help="Raw text: files or folders.")],
    output_dir: Annotated[Path, typer.Option(help="The folder of the adapted encoder.")],
    encoder: Annotated[str, typer.Option(help="A folder, or a model of the hub.")] = (
        "models/encoder"
    ),
    epochs: Annotated[
        float | None,
        typer.Option(min=0.001, help="Passes over the text; 1 unless --minutes is given."),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.001, help="Train for so long instead, whatever is reached."),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Rows in a step.")] = 32,
    block_size: Annotated[int, typer.Option(min=16, max=8192, help="Tokens in a row.")] = 128,
    learning_rate: Annotated[float, typer.Option(min=1e-9, help="At its peak.")] = 3e-4,
    warmup: Annotated[
        float, typer.Option(min=0, max=0.9, help="Share of the training spent warming up.")
    ] = 0.06,
    mask_share: Annotated[
        float, typer.Option(min=0.01, max=0.6, help="Share of the words to predict.")
    ] = 0.15,
    dropout: Annotated[float, typer.Option(min=0, max=0.9)] = 0.0,
    seed: Annotated[int, typer.Option(min=0)] = 13,
    validation_share: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="Share of the rows held out for the loss.")
    ] = 0.005,
    save_every: Annotated[float, typer.Option(min=0, help="Minutes between checkpoints.")] = 10,
    compiled: Annotated[
        bool, typer.Option("--compile", help="Fuse the model with torch.compile (GPU).")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted run stopped.")
    ] = False,
) -> None:
    """Train and write the encoder; progress goes to stderr, the last figures to stdout."""
    try:
        run(**locals())
    except MarsadError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        print("stopped; go on from the last checkpoint with --resume", file=sys.stderr)
        raise typer.Exit(130) from None


def run(
    texts: list[Path],
    output_dir: Path,
    encoder: str,
    epochs: float | None,
    minutes: float | None,
    validation_share: float,
    save_every: float,
    compiled: bool,
    resume: bool,
    **settings: Any,
) -> None:
    """Do what the command line asks for.

    Raises:
        MarsadError: texts, encoder or output folder cannot be used.
    """
    import torch

    from train.blocks import pack, raw_files, read_raw
    from train.checkpoint import CHECKPOINT
    from train.config import TrainConfig
    from train.encoder import build_preprocessor, load_tokenizer
    from train.masking import WordMasker
    from train.pretraining import Plan, load_masked_language_model, pretrain
    from train.quiet import quiet_libraries
    from train.runtime import available_cores

    quiet_libraries()
    if epochs is not None and minutes is not None:
        raise ConfigError("--epochs and --minutes exclude each other; give one")
    if output_dir.exists() and not output_dir.is_dir():
        raise ConfigError(f"{output_dir}: is a file; name a folder")
    if (output_dir / "model.safetensors").exists():
        raise ConfigError(f"{output_dir}: holds a finished encoder; choose another --output-dir")
    if not resume and any(output_dir.glob("checkpoint-*")):
        raise ConfigError(f"{output_dir}: holds a run already; go on with --resume")
    plan = Plan(
        epochs=None if minutes is not None else 1.0 if epochs is None else epochs,
        minutes=minutes,
        **settings,
    )
    tokenizer = load_tokenizer(encoder)
    if tokenizer.mask_token_id is None:
        raise ConfigError(f"encoder: the tokenizer of {encoder} has no mask token")
    # The tagger's own defaults, so that it will meet the same sub-words.
    preprocessor = build_preprocessor(
        tokenizer,
        TrainConfig.model_validate(
            {"encoder": encoder, "output_dir": str(output_dir), "data": {"train": ["-"]}}
            | {"max_length": plan.block_size, "stride": 0}
        ),
    )
    files = raw_files(texts)
    blocks = pack(
        (text for file in files for text in read_raw(file)),
        preprocessor, plan.block_size, available_cores(),
    )  # fmt: skip
    order = torch.randperm(len(blocks), generator=torch.Generator().manual_seed(0))
    held_out = max(1, int(len(blocks) * validation_share))
    say(
        f"{len(files)} files, {len(blocks):,} rows of {plan.block_size} tokens; "
        f"{held_out:,} rows held out"
    )
    model = load_masked_language_model(encoder, plan.dropout, plan.seed)
    masker = WordMasker(
        tokenizer.mask_token_id, tokenizer.all_special_ids, len(tokenizer), plan.mask_share
    )
    output_dir.mkdir(parents=True, exist_ok=True)

    def report(figures: dict[str, Any]) -> None:
        say(", ".join(f"{key.replace('_', ' ')} {value}" for key, value in figures.items()))
        with (output_dir / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(figures) + "\n")

    figures = pretrain(
        model, blocks[order[held_out:]], blocks[order[:held_out]], masker, plan, output_dir,
        report, resume=resume, compiled=compiled, save_every=save_every,
    )  # fmt: skip
    trained = model.model.to("cpu", torch.float16)
    for name, value in model.dropout.items():
        setattr(trained.config, name, value)
    tokenizer.save_pretrained(output_dir)
    (output_dir / SETTINGS).write_text(
        json.dumps(
            {"encoder": encoder, "files": [f.name for f in files]}
            | {k: getattr(plan, k) for k in plan.__dataclass_fields__}
            | figures,
            indent=2,
        )
        + "\n",
        encoding="utf-8",
    )
    trained.save_pretrained(output_dir)  # last: a folder with weights is a finished one
    for pattern in (f"{CHECKPOINT}*", f".{CHECKPOINT}*"):
        for folder in output_dir.glob(pattern):
            shutil.rmtree(folder)
    print(json.dumps(figures))


if __name__ == "__main__":
    typer.run(main)
