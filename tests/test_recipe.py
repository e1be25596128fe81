"""What the training recipe adds: copies of sentences, rates by layer, averaged weights, labels."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from transformers import (
    BertConfig,
    BertForTokenClassification,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from tests.conftest import LABELS, SIZE, TOKENIZERS
from tests.test_standoff import sound_documents
from tests.test_training import interrupt
from train.augmentation import augment, misspell, replace_mentions
from train.averaging import WeightAverage
from train.config import AugmentationConfig, TrainConfig
from train.dataset import IGNORED, Losses, Splits, build_dataset, read_splits, training_rows
from train.document import Document, Span, check_spans
from train.encoder import build_preprocessor, load_tokenizer
from train.inline import parse_line
from train.normalizer import Normalizer
from train.optimizer import parameter_groups
from train.preprocessor import Preprocessor, SpecialTokens
from train.run import prepare, train
from train.training import fit

Make = Callable[..., TrainConfig]
corpora = st.lists(sound_documents, min_size=1, max_size=5).map(
    lambda drawn: [replace(d, id=f"d{n}", meta={"year": "2015"}) for n, d in enumerate(drawn)]
)
seeds = st.integers(0, 1_000)


def read(*lines: str) -> list[Document]:
    return [Document(f"d{n}", *parse_line(line)) for n, line in enumerate(lines)]


def gaps(document: Document) -> list[str]:
    """The unmarked stretches before, between and behind the spans."""
    borders = [0, *(b for s in document.spans for b in (s.start, s.end)), len(document.text)]
    return [document.text[a:b] for a, b in zip(borders[::2], borders[1::2], strict=True)]


def mentions(document: Document) -> list[str]:
    return [document.text[s.start : s.end] for s in document.spans]


# Copies with other mentions.


@given(corpora, st.sampled_from([0.3, 1.0]), seeds)
@settings(deadline=None)
def test_copies_with_other_mentions_are_sound(
    originals: list[Document], share: float, seed: int
) -> None:
    before = copy.deepcopy(originals)
    copies = replace_mentions(originals, share, seed)
    assert originals == before
    assert copies == replace_mentions(originals, share, seed)
    by_id = {f"{d.id}+mentions": d for d in originals}
    known = {(s.label, m) for d in originals for s, m in zip(d.spans, mentions(d), strict=True)}
    for made in copies:
        source = by_id.pop(made.id)  # at most one of each
        assert made.text != source.text
        assert list(check_spans(made.text, made.spans, LABELS, "")) == []
        assert [s.label for s in made.spans] == [s.label for s in source.spans]
        assert gaps(made) == gaps(source)
        assert made.meta == source.meta
        for span, old, new in zip(made.spans, mentions(source), mentions(made), strict=True):
            assert (span.label, new) in known
            assert {old[0], new[0]}.isdisjoint("وفبلك") or old[0] == new[0]


def test_a_mention_is_exchanged_for_one_of_its_label_and_particle() -> None:
    originals = read(
        *(f"قصف [الجيش](ACTOR) [بدبابة](WEAPON) التل {n}" for n in range(200)),
        *(f"ظهر [المتمردون](ACTOR) [بصاروخ](WEAPON) في {n}" for n in range(200)),
        "سقط [صاروخ](WEAPON) على [الثكنة](BASE)",
    )
    copies = replace_mentions(originals, 1.0, 13)
    found = Counter(tuple(mentions(d)) for d in copies if d.text.startswith("قصف"))
    other = [("المتمردون", "بدبابة"), ("الجيش", "بصاروخ"), ("المتمردون", "بصاروخ")]
    # One mention in two is exchanged, one time in two for the same again: a quarter becomes
    # another, and of both at once a sixteenth; 3/16, 3/16 and 1/16 of 200.
    assert set(found) == set(other)
    assert [found[pair] for pair in other] == pytest.approx([37.5, 37.5, 12.5], abs=17)
    # Nothing else opens without a particle, and no other BASE is known.
    assert "d400+mentions" not in {d.id for d in copies}


def test_a_word_that_is_glued_to_a_mention_does_not_swallow_another() -> None:
    """As «غراد»شنت in noisy text: with a mention that ends in a letter, two words become one."""
    glued = "أطلق [صواريخ «غراد»](WEAPON)شنت 5.[خمسة](ACTOR)"
    originals = read(glued, *(f"سقطت [قذيفة {n}](WEAPON) قرب [12 رجلاً](ACTOR)" for n in range(30)))
    for seed in range(20):
        for made in replace_mentions(originals, 1.0, seed):
            assert list(check_spans(made.text, made.spans, LABELS, made.id)) == []


# Copies in hasty spelling.


@given(corpora, st.sampled_from([0.3, 1.0]), seeds)
@settings(deadline=None)
def test_misspelt_copies_keep_length_spans_and_labels(
    originals: list[Document], share: float, seed: int
) -> None:
    before = copy.deepcopy(originals)
    copies = misspell(originals, share, seed)
    assert originals == before
    assert copies == misspell(originals, share, seed)
    by_id = {f"{d.id}+spelling": d for d in originals}
    spelt = [("أإآ", "ا"), ("ة", "ه"), ("ى", "ي"), ("ي", "ى"), ("ؤ", "و"), ("ئ", "ي")]
    spelt += zip("0123456789", "٠١٢٣٤٥٦٧٨٩", strict=True)
    for made in copies:
        source = by_id.pop(made.id)
        assert made.text != source.text
        assert len(made.text) == len(source.text)
        assert (made.spans, made.meta) == (source.spans, source.meta)
        assert list(check_spans(made.text, made.spans, LABELS, "")) == []
        for old, new in zip(source.text, made.text, strict=True):
            assert old == new or any(old in letters and new == to for letters, to in spelt)


def test_every_habit_occurs_and_is_one_of_writers() -> None:
    texts = [f"أُصيبت آخر مدرسة في مستشفى مؤقت بقارئ 5 ({n})" for n in range(100, 160)]
    copies = misspell([Document(str(n), text) for n, text in enumerate(texts)], 1.0, 13)
    words = Counter(word for d in copies for word in d.text.split())
    for usual, hasty in (
        ("أُصيبت", "اُصيبت"),
        ("آخر", "اخر"),
        ("مدرسة", "مدرسه"),
        ("في", "فى"),
        ("مستشفى", "مستشفي"),
        ("مؤقت", "موقت"),
        ("بقارئ", "بقاري"),
        ("5", "٥"),
    ):
        assert words[hasty], hasty
        assert words[usual], usual  # a habit comes and goes from text to text
    assert words["أصىبت"] == words["أُصىبت"] == 0  # only a final ya is mixed up


@given(corpora, seeds)
def test_share_zero_gives_no_copies(originals: list[Document], seed: int) -> None:
    assert replace_mentions(originals, 0.0, seed) == misspell(originals, 0.0, seed) == []
    assert augment(originals, AugmentationConfig()) == []


def test_share_is_the_share_of_the_sentences() -> None:
    originals = [Document(str(n), f"أُصيبت مدرسة أهلية {n}0") for n in range(2_000)]
    assert len(misspell(originals, 0.25, 13)) == pytest.approx(500, abs=80)
    assert len(misspell(originals, 1.0, 13)) > 1_900


def test_copies_are_added_to_the_training_rows_alone(
    make_config: Make, corpus_file: Path, corpus: list[Document]
) -> None:
    config = make_config(augmentation={"mentions": 1.0, "spelling": 1.0})
    splits = read_splits(config.data, config.labels)
    rows, losses = prepare(
        config, splits, build_preprocessor(load_tokenizer(config.encoder), config)
    )
    copies = augment(corpus, config.augmentation)
    assert copies
    assert {d.id.partition("+")[2] for d in copies} == {"mentions", "spelling"}
    assert len(rows) == len(corpus) + len(copies)
    assert [losses[name].documents for name in ("train", "validation", "test")] == [6, 6, 6]
    assert len({d.id for d in [*corpus, *copies]}) == len(rows)


# Rates by layer.


def tiny_bert() -> BertForTokenClassification:
    torch.manual_seed(0)
    return BertForTokenClassification(BertConfig(**SIZE, vocab_size=20, num_labels=9))


@pytest.mark.parametrize("layer_decay", [0.5, 0.9, 1.0])
def test_every_parameter_is_in_one_group(layer_decay: float) -> None:
    model = tiny_bert()
    groups = parameter_groups(model, 1e-3, 0.01, layer_decay)
    grouped = Counter(id(p) for group in groups for p in group["params"])
    assert grouped == Counter(id(p) for p in model.parameters())


def settings_by_name(model: torch.nn.Module, layer_decay: float) -> dict[str, tuple[float, float]]:
    """The learning rate and weight decay of each parameter."""
    groups = parameter_groups(model, 0.8, 0.01, layer_decay)
    found = {id(p): (g["lr"], g["weight_decay"]) for g in groups for p in g["params"]}
    return {name: found[id(p)] for name, p in model.named_parameters()}


def test_rates_fall_from_layer_to_layer() -> None:
    found = settings_by_name(tiny_bert(), 0.5)
    # Worked out by hand for two layers: 0.8 for the head, and half of it a step down.
    for begin, rate in (
        ("classifier.", 0.8),
        ("bert.encoder.layer.1.", 0.4),
        ("bert.encoder.layer.0.", 0.2),
        ("bert.embeddings.", 0.1),
    ):
        rates = [lr for name, (lr, _) in found.items() if name.startswith(begin)]
        assert rates == pytest.approx([rate] * len(rates)), begin
        assert rates
    assert len({rate for rate, _ in found.values()}) == 4
    flat = settings_by_name(tiny_bert(), 1.0)
    assert {rate for rate, _ in flat.values()} == {0.8}


def test_biases_and_norms_do_not_decay() -> None:
    model = tiny_bert()
    norms = {
        f"{name}.{part}"
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.LayerNorm)
        for part, _ in module.named_parameters()
    }
    assert len(norms) == 2 * (1 + 2 * 2)  # of the embeddings, and two in each of two layers
    biases = {name for name, p in model.named_parameters() if name.endswith(".bias")}
    for name, (_, decay) in settings_by_name(model, 0.5).items():
        assert decay == (0.0 if name in norms | biases else 0.01), name


def test_training_moves_each_layer_by_its_rate(make_config: Make, tmp_path: Path) -> None:
    """Adam's first step is the rate itself, whatever the gradient."""
    config = make_config(layer_decay=0.5, learning_rate=8e-3, warmup_ratio=0.0, max_steps=1)
    splits = read_splits(config.data, config.labels)
    tool = build_preprocessor(load_tokenizer(config.encoder), config)
    rows, _ = prepare(config, splits, tool)
    fitted = fit(config, 13, tmp_path / "run", rows, splits.validation, tool, None)
    weights = fitted.model.base_model.state_dict()
    start = load_file(Path(config.encoder) / "model.safetensors")
    for name, rate in (
        ("encoder.layer.1.output.dense.weight", 4e-3),
        ("encoder.layer.0.output.dense.weight", 2e-3),
        ("embeddings.word_embeddings.weight", 1e-3),
    ):
        moved = (weights[name] - start[name]).abs().max().item()
        assert moved == pytest.approx(rate, rel=0.02), name


# Averaged weights.


def slow_average(steps: list[torch.Tensor], decay: float) -> torch.Tensor:
    """The bias-corrected exponential average, from its definition: a weighted mean of all steps."""
    weights = [decay ** (len(steps) - 1 - n) for n in range(len(steps))]
    total = sum(w * s.double() for w, s in zip(weights, steps, strict=True))
    return total / sum(weights)


@given(
    st.sampled_from([0.0, 0.5, 0.9, 0.999]),
    st.lists(st.lists(st.floats(-10, 10), min_size=3, max_size=3), min_size=1, max_size=30),
)
@settings(deadline=None, max_examples=50)
def test_average_is_the_weighted_mean_of_all_steps(decay: float, steps: list[list[float]]) -> None:
    model = torch.nn.Linear(3, 1, bias=False)
    average = WeightAverage(decay)
    history = []
    for number, values in enumerate(steps, start=1):
        history.append(torch.tensor([values]))
        with torch.no_grad():
            model.weight.copy_(history[-1])
        average.on_step_end(None, SimpleNamespace(global_step=number), None, model=model)
        own = model.weight.detach().clone()
        with average.applied_to(model):
            torch.testing.assert_close(
                model.weight.double(), slow_average(history, decay), rtol=1e-4, atol=1e-4
            )
        assert torch.equal(model.weight, own)


def test_weights_come_back_from_an_evaluation_that_fails() -> None:
    model = torch.nn.Linear(1, 1)
    own = copy.deepcopy(model.state_dict())
    average = WeightAverage(0.9)
    with average.applied_to(model):  # before the first step there is no average
        assert torch.equal(model.weight, own["weight"])
    average.weights = {name: value + 1 for name, value in own.items()}

    def fail() -> None:
        with average.applied_to(model):
            assert torch.equal(model.weight, own["weight"] + 1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert all(torch.equal(value, own[name]) for name, value in model.state_dict().items())
    assert torch.equal(average.weights["weight"], own["weight"] + 1)


class _Recorder(TrainerCallback):
    """Remembers the weights after each step."""

    def __init__(self) -> None:
        self.steps: list[dict[str, torch.Tensor]] = []

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        model = kwargs["model"]
        self.steps.append({n: p.detach().clone() for n, p in model.named_parameters()})


def test_training_saves_the_average_and_resumes_it(
    make_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"num_train_epochs": 3, "early_stopping_patience": 9, "ema_decay": 0.8}
    recorder = _Recorder()
    original = Trainer.train

    def recorded(self: Trainer, *args: Any, **kwargs: Any) -> Any:
        self.add_callback(recorder)
        return original(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "train", recorded)
        whole = train(make_config(output_dir=str(tmp_path / "whole"), **settings))
    assert len(recorder.steps) == 9  # three epochs of three batches
    [result] = whole["seeds"]
    best = recorder.steps[: 3 * round(result["best_epoch"])]
    saved = load_file(tmp_path / "whole" / "model.safetensors")
    far = 0.0
    for name in best[0]:
        expected = slow_average([step[name] for step in best], 0.8).float()
        torch.testing.assert_close(saved[name].float(), expected, rtol=1e-3, atol=1e-4, msg=name)
        far = max(far, (saved[name].float() - best[-1][name]).abs().max().item())
    assert far > 2e-3  # which the last step's own weights are not
    # The validation score is that of the average: the finished model has it too.
    [row] = [r for r in result["history"] if r["epoch"] == result["best_epoch"]]
    assert row["validation_f1"] == pytest.approx(result["validation"]["micro"]["f1"])

    config = make_config(output_dir=str(tmp_path / "cut"), **settings)
    interrupt(monkeypatch, config, step=8)
    cut = train(config, resume=True)
    assert [row["validation_f1"] for row in cut["seeds"][0]["history"]] == [
        row["validation_f1"] for row in result["history"]
    ]
    again = load_file(tmp_path / "cut" / "model.safetensors")
    for name, tensor in saved.items():
        assert torch.equal(tensor, again[name]), name


# Labels at all sub-words.


def preprocessor(kind: str, max_length: int, stride: int) -> Preprocessor:
    tokenizer = TOKENIZERS[kind]()
    special = SpecialTokens.of(tokenizer, 0, 3)
    return Preprocessor(tokenizer, Normalizer(), max_length, stride, special)


@pytest.mark.parametrize("kind", list(TOKENIZERS))
@pytest.mark.parametrize(("max_length", "stride"), [(64, 16), (14, 4)])
def test_continuation_sub_words_go_on_with_the_tag(
    corpus: list[Document], kind: str, max_length: int, stride: int
) -> None:
    dataset = build_dataset(Splits(corpus, [], [], ()), LABELS)["train"]
    names = dataset.features["tags"].feature.names
    prepare_text = preprocessor(kind, max_length, stride)
    heads = training_rows(dataset, prepare_text, Losses())
    full = training_rows(dataset, prepare_text, Losses(), all_sub_words=True)
    assert heads["input_ids"] == full["input_ids"]
    special = {prepare_text.tokenizer.token_to_id(token) for token in ("<s>", "</s>")}
    continued = 0
    for one, row in zip(heads, full, strict=True):
        tag = None
        for token, head, label in zip(row["input_ids"], one["labels"], row["labels"], strict=True):
            if token in special:
                assert head == label == IGNORED
                tag = None
            elif head != IGNORED:  # the first sub-word of a word that this window owns
                assert label == head
                tag = names[head]
            elif label != IGNORED:
                assert tag is not None
                assert names[label] == ("O" if tag == "O" else f"I-{tag[2:]}")
                continued += 1
    assert continued
    # Each sub-word of each word is learnt once, in one window or another.
    pieces = sum(
        len(ids[: prepare_text.most_sub_words] or [0])
        for row in dataset
        for ids in prepare_text.sub_words(row["words"])
    )
    assert sum(label != IGNORED for row in full for label in row["labels"]) == pieces


def test_labels_of_all_sub_words_by_hand() -> None:
    """The tokenizer knows the first three letters of these words, and single letters besides."""
    document = Document("a", "قصفت صواريخ", (Span(5, 11, "WEAPON"),))
    dataset = build_dataset(Splits([document], [], [], ()), LABELS)["train"]
    tool = preprocessor("wordpiece", 64, 16)
    [row] = training_rows(dataset, tool, Losses(), all_sub_words=True)
    tokens = [tool.tokenizer.id_to_token(i) for i in row["input_ids"]]
    assert tokens == ["<s>", "قصف", "##ت", "صوا", "##ر", "##ي", "##خ", "</s>"]
    # In the order O, B-ACTOR, I-ACTOR, B-WEAPON, I-WEAPON.
    assert row["labels"] == [IGNORED, 0, 0, 3, 4, 4, 4, IGNORED]
    [row] = training_rows(dataset, tool, Losses())
    assert row["labels"] == [IGNORED, 0, IGNORED, 3, IGNORED, IGNORED, IGNORED, IGNORED]
