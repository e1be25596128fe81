"""The pretrained encoder that training starts from: a local folder or a model of the hub."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from train.config import TrainConfig
from train.errors import ConfigError
from train.preprocessor import Preprocessor, SpecialTokens
from train.tags import TagSet

# Families that number positions from the padding id on, and so read fewer than they have rows for.
_OFFSET_POSITIONS = {"roberta", "xlm-roberta", "camembert", "xlm-roberta-xl", "xmod"}


_DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout")


def load_tokenizer(name: str) -> PreTrainedTokenizerBase:
    """Load the fast tokenizer of an encoder.

    Raises:
        ConfigError: there is none, or it cannot be reached.
    """
    name = resolve(name)
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, use_fast=True)
        if tokenizer.is_fast and _is_byte_level(tokenizer.backend_tokenizer):
            # Words are given one by one; without the space they would look like word endings.
            tokenizer = AutoTokenizer.from_pretrained(name, add_prefix_space=True)
    except (OSError, ValueError) as error:
        raise ConfigError(_unreachable(name, error)) from None
    if not tokenizer.is_fast:
        raise ConfigError(
            f"encoder: {name} has no fast tokenizer (tokenizer.json), which prediction without "
            "transformers needs; choose another encoder"
        )
    return tokenizer


def dropouts(config: PretrainedConfig, value: float) -> dict[str, float]:
    """Return those settings of dropout that a config has, with a new value."""
    return {name: value for name in _DROPOUTS if hasattr(config, name)}


def load_encoder(
    name: str, labels: Sequence[str], attention: str, dropout: float | None = None
) -> PreTrainedModel:
    """Load an encoder in float32 with a new head for the tags of ``labels``.

    Only safetensors weights are read. ``attention`` is the name of an implementation that
    transformers knows, such as eager or sdpa; ``dropout`` replaces the encoder's own.

    Raises:
        ConfigError: there are none, or they cannot be reached.
    """
    name = resolve(name)
    tags = TagSet(labels).names
    try:
        config = AutoConfig.from_pretrained(name)
        changes = {} if dropout is None else dropouts(config, dropout)
        model: PreTrainedModel = AutoModelForTokenClassification.from_pretrained(
            name,
            id2label=dict(enumerate(tags)),
            label2id={tag: index for index, tag in enumerate(tags)},
            dtype=torch.float32,
            attn_implementation=attention,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # a head trained for other labels is replaced
            **changes,
        )
    except (OSError, ValueError) as error:
        raise ConfigError(_unreachable(name, error)) from None
    return model


def build_preprocessor(tokenizer: PreTrainedTokenizerBase, config: TrainConfig) -> Preprocessor:
    """Return the preprocessor for an encoder's tokenizer.

    Raises:
        ConfigError: ``max_length`` is more than the encoder can read, or the tokenizer lacks a
            padding token.
    """
    limit = _position_limit(tokenizer, resolve(config.encoder))
    if config.max_length > limit:
        raise ConfigError(
            f"max_length: {config.max_length} is more than {config.encoder} can read; "
            f"at most {limit}"
        )
    if tokenizer.pad_token_id is None:
        raise ConfigError(f"encoder: the tokenizer of {config.encoder} has no padding token")
    backend = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    unknown = tokenizer.unk_token_id
    try:
        special = SpecialTokens.of(
            backend, tokenizer.pad_token_id, tokenizer.pad_token_id if unknown is None else unknown
        )
        return Preprocessor(
            backend, config.normalizer.build(), config.max_length, config.stride, special
        )
    except ValueError as error:
        raise ConfigError(f"encoder: {config.encoder}: {error}") from None


def _position_limit(tokenizer: PreTrainedTokenizerBase, name: str) -> int:
    try:
        config = AutoConfig.from_pretrained(name)
    except (OSError, ValueError) as error:
        raise ConfigError(_unreachable(name, error)) from None
    limit = int(getattr(config, "max_position_embeddings", 0) or 10**9)
    if config.model_type in _OFFSET_POSITIONS:
        limit -= int(config.pad_token_id) + 1
    return min(limit, int(tokenizer.model_max_length))


def _is_byte_level(tokenizer: Tokenizer) -> bool:
    return '"ByteLevel"' in json.dumps(json.loads(tokenizer.to_str())["pre_tokenizer"])


def resolve(name: str) -> str:
    """Return a local folder's path or a hub name; refuse a path before the hub is asked for it."""
    path = Path(name).expanduser()
    is_path = name.startswith((".", "/", "~")) or name.count("/") > 1
    beside_others = "/" in name and path.parent.is_dir()  # models/encodr is a slip, not a hub name
    if not path.exists() and (is_path or beside_others):
        raise ConfigError(
            f"encoder: {name}: no such folder (looked in {Path.cwd()}). Name a local folder, "
            "or a model of the Hugging Face hub such as aubmindlab/bert-base-arabertv02"
        )
    return str(path) if path.exists() else name


def _unreachable(name: str, error: Exception) -> str:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return (
        f"encoder: {name} cannot be loaded as a safetensors encoder with a fast tokenizer "
        f"({reason}). It is read from that folder or, where there is none, from the Hugging Face "
        "hub; offline, use encoder=models/encoder"
    )
