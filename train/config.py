"""The training config: one YAML file into one frozen, typed value.

Every key is checked; an unknown one is refused with the nearest known key. All faults of a file
and of the ``key=value`` overrides are reported together.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from train.document import LABEL
from train.errors import ConfigError
from train.normalizer import Normalizer


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False
    )


Name = Annotated[str, Field(min_length=1)]
Label = Annotated[str, Field(pattern=f"^{LABEL.pattern}$")]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Paths = tuple[Name, ...]


class DataConfig(_Section):
    """Which annotated files to learn from. Paths are relative to the working directory."""

    train: Paths = ()
    """Files or folders; each must exist."""
    train_if_present: Paths = ()
    """Files or folders that are used where they exist; the run says which were not."""
    standoff: Paths = ()
    """Training annotation without texts (see :mod:`train.standoff`); each must exist."""
    texts_if_present: Paths = ()
    """Where the texts of ``standoff`` may be; the run says how many were found."""
    validation: Paths = ()
    """Chooses the best epoch. Where empty, a share of the training documents is held out."""
    validation_share: float = Field(default=0.06, gt=0, lt=0.5)
    """The share held out; which documents depends on their texts alone."""
    test: Paths = ()
    """Scored once, at the end, and reported in the model card."""
    report_if_present: Paths = ()
    """Further annotated files that are scored at the end where they exist, for the card alone."""


class NormalizerConfig(_Section):
    """What the model does not get to see; see :class:`train.normalizer.Normalizer`."""

    tashkeel: bool = Normalizer().tashkeel
    tatweel: bool = Normalizer().tatweel
    digits: bool = Normalizer().digits
    alef: bool = Normalizer().alef
    ya: bool = Normalizer().ya

    def build(self) -> Normalizer:
        """Return the normalizer that these choices describe."""
        return Normalizer(**self.model_dump())


class AugmentationConfig(_Section):
    """Copies that are added to the training split; see :mod:`train.augmentation`."""

    mentions: float = Field(default=0.0, ge=0, le=1)
    """Share of the sentences that get a copy with mentions exchanged."""
    spelling: float = Field(default=0.0, ge=0, le=1)
    """Share of the sentences that get a copy in hasty spelling."""


class CardConfig(_Section):
    """What the model card says beyond the numbers."""

    title: Name = "An Arabic conflict-news tagger"
    license: Name = "other"
    """An identifier of the Hugging Face hub, such as apache-2.0; ``other`` where none fits."""
    licence_statement: str = ""
    """Licence and provenance of encoder and weights, in words."""
    data: str = ""
    """Where the training data comes from, and on what terms."""
    intended_use: str = ""
    limits: str = ""
    """What the model is known to get wrong."""
    sources: dict[Name, str] = {}
    """What the sources in the tables are, by the name that stands there."""


class TrainConfig(_Section):
    """Everything that a training run depends on."""

    encoder: Name
    """A local folder, or the name of a model on the Hugging Face hub."""
    output_dir: Name
    """The run folder."""
    labels: Annotated[tuple[Label, ...], Field(min_length=1)] = (
        "ACTOR",
        "WEAPON",
        "BASE",
        "CASUALTY",
    )
    data: DataConfig = DataConfig()
    normalizer: NormalizerConfig = NormalizerConfig()
    augmentation: AugmentationConfig = AugmentationConfig()

    card: CardConfig = CardConfig()

    max_length: int = Field(default=256, ge=8, le=8192)
    """Tokens in a window, special tokens included; at most what the encoder can read."""
    stride: int = Field(default=64, ge=0)
    """Sub-words that two windows of one long sentence share."""

    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = (13,)
    """One run for each; the best by validation F1 becomes the run's model."""
    num_train_epochs: float = Field(default=6, gt=0)
    learning_rate: float = Field(default=3e-4, gt=0)
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    """By how much the learning rate falls from one layer to the one below it."""
    lr_scheduler_type: Literal["linear", "cosine", "constant", "constant_with_warmup"] = "linear"
    warmup_ratio: float = Field(default=0.1, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Of hidden states and attention while training; None leaves what the encoder came with."""
    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    """Where positive, the model is the running average of the weights with this decay a step."""
    quantize: bool = True
    """Give the best model an int8 graph, if that keeps its F1 on the validation data."""
    label_all_sub_words: bool = False
    """Learn a word's tag at each of its sub-words; prediction reads the first alone."""
    label_smoothing_factor: float = Field(default=0.0, ge=0, lt=1)
    class_weights: dict[Label, Annotated[float, Field(gt=0)]] = {}
    """How much the loss of a label's words counts, such as {BASE: 2}; 1 for those not named."""
    per_device_train_batch_size: int = Field(default=16, ge=1)
    gradient_accumulation_steps: int = Field(default=1, ge=1)
    max_grad_norm: float = Field(default=1.0, gt=0)
    max_steps: int = Field(default=-1, ge=-1)
    """Stops after so many steps where positive, whatever the epochs."""
    early_stopping_patience: int = Field(default=3, ge=1)
    """Epochs without a better validation F1 after which a run ends."""
    bf16: Literal["auto", True, False] = "auto"
    """Mixed precision; ``auto`` uses it where the processor computes in bfloat16."""
    device: Literal["auto", "cpu"] = "auto"
    """``auto`` takes the GPUs that are there."""
    report_to: tuple[Name, ...] = ()
    """Trackers of the Hugging Face Trainer, such as tensorboard, mlflow or wandb."""

    @model_validator(mode="after")
    def _check(self) -> TrainConfig:
        faults = []
        if not (self.data.train or self.data.train_if_present or self.data.standoff):
            faults.append("data.train: names no file; add a file or folder to train on")
        if self.data.standoff and not self.data.texts_if_present:
            faults.append(
                "data.texts_if_present: names nothing, and data.standoff has no texts of its own"
            )
        for key, values in (("labels", self.labels), ("seeds", self.seeds)):
            if len(set(values)) != len(values):
                faults.append(f"{key}: the same value twice")
        known = ("O", *self.labels)
        for label in self.class_weights:
            if label not in known:
                faults.append(f"class_weights.{label}: no such label; {_suggest(label, known)}")
        if self.stride > self.max_length // 2:
            faults.append(
                f"stride: {self.stride} is over half of max_length ({self.max_length}); "
                "windows would hardly move on"
            )
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def to_yaml(self) -> str:
        """Return the whole config as YAML that :func:`load_config` reads back."""
        values = self.model_dump(mode="json")
        text: str = yaml.safe_dump(values, allow_unicode=True, sort_keys=False)
        return text


class _Loader(yaml.SafeLoader):
    """YAML that refuses a key which stands twice, where plain YAML takes the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"the key {key!r} stands twice{node.start_mark}")
        return super().construct_mapping(node, deep)


def load_config(path: Path, overrides: Sequence[str] = ()) -> TrainConfig:
    """Read a config file, with ``key=value`` overrides such as ``data.train=[my.jsonl]``.

    Raises:
        ConfigError: with every fault, its path in the config, and a suggestion.
    """
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 (a safe one)
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such config; see configs/ for those that come with Marsad"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    except (yaml.YAMLError, ValueError) as error:
        # A ValueError means no UTF-8, or a date that does not exist.
        raise ConfigError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected keys and values, found {type(values).__name__}")
    faults = [fault for item in overrides if (fault := _override(values, item))]
    config = None
    try:
        config = TrainConfig.model_validate(values)
    except ValidationError as error:
        faults.extend(line for item in error.errors() for line in _describe(item).splitlines())
    if faults or config is None:
        raise ConfigError("\n".join(f"{path}: {fault}" for fault in faults))
    return config


def _override(values: dict[str, Any], item: str) -> str | None:
    key, equals, text = item.partition("=")
    if not equals or not key:
        return f"override {item!r}: expected key=value, such as learning_rate=1e-4"
    try:
        value = yaml.load(text, _Loader)  # noqa: S506
    except (yaml.YAMLError, ValueError):
        return f"override {item!r}: the value is not valid YAML"
    *sections, name = key.split(".")
    for section in sections:
        if values.get(section) is None:
            values[section] = {}
        values = values[section]
        if not isinstance(values, dict):
            return f"override {item!r}: {section} has no keys below it"
    values[name] = value
    return None


def _describe(item: Any) -> str:
    path = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        hint = _suggest(str(item["loc"][-1]), _known_keys(item["loc"][:-1]))
        return f"{path}: unknown key; {hint}"
    if item["type"] == "missing":
        return f"{path}: missing; it has no default"
    if item["type"] == "tuple_type":
        return f"{path}: expected a list, such as [{item['input']}], found {item['input']!r}"
    message = item["msg"].removeprefix("Value error, ")
    return message if not path else f"{path}: {message}, found {item['input']!r}"


def _suggest(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"


def _known_keys(sections: tuple[Any, ...]) -> list[str]:
    model: Any = TrainConfig
    for section in sections:
        model = model.model_fields[section].annotation
    return list(model.model_fields)
