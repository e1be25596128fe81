"""The model card, written from the numbers of a run."""

from __future__ import annotations

from statistics import fmean, stdev
from typing import Any

import yaml

from train.config import TrainConfig

_TEXT = """---
{front}---

# {title}

Tags Arabic text with {labels}. Made by `marsad train` {version} from `{encoder}`.

| split | documents | spans | strict micro F1 | precision | recall | macro F1 | overlap F1 |
| --- | --- | --- | --- | --- | --- | --- | --- |
{splits}

{seeds}

| {main} split, by label | gold spans | F1 | precision | recall |
| --- | --- | --- | --- | --- |
{by_label}

Strict: start, end and label must all be right. Scored on the files of this folder (float16
weights, ONNX Runtime, constrained IOB2 decoding). The validation split chose the best epoch and
seed{test}.

{reports}## Training data

{train_documents} training documents with {train_spans} spans, fingerprint `{fingerprint}`.
{data_files}
{notes}
{data_statement}
What preprocessing lost of the training split: {losses}.

## Recipe

`config.yaml` in this folder has every setting. Learning rate {learning_rate}, batches of
{batch} on each device, best epoch {best_epoch} of at most {epochs}; {minutes:.1f} minutes since
this seed was last started or resumed, and at most {memory:.1f} GB of memory.

{use_and_limits}## Licence and provenance of the weights

{licence}

## Use

```console
marsad predict -m FOLDER "نفذت قاذفات روسية ضربات ضد داعش"
```

or, from transformers, `AutoModelForTokenClassification.from_pretrained(FOLDER)` and
`pipeline("token-classification", FOLDER, aggregation_strategy="first")`. These two
do not normalise, window or constrain the tags as Marsad does, so their spans can differ.
"""


def model_card(config: TrainConfig, metrics: dict[str, Any]) -> str:
    """Return the card of a run in Hugging Face format: Markdown behind YAML front matter."""
    best = next(r for r in metrics["seeds"] if r["seed"] == metrics["best_seed"])
    main = "test" if best["test"] else "validation"
    counts = metrics["data"]["preprocessing"]
    rows = [
        f"| {name} | {counts[name]['documents']} | {counts[name]['spans']} | "
        f"{best[name]['micro']['f1']:.3f} | {best[name]['micro']['precision']:.3f} | "
        f"{best[name]['micro']['recall']:.3f} | {best[name]['macro']['f1']:.3f} | "
        f"{best[name]['overlap']['f1']:.3f} |"
        for name in ("validation", "test")
        if best[name]
    ]
    by_label = [
        f"| {label} | {row['gold']} | {row['f1']:.3f} | {row['precision']:.3f} | "
        f"{row['recall']:.3f} |"
        for label, row in best[main]["labels"].items()
    ]
    losses = {k: v for k, v in counts["train"].items() if k not in ("documents", "windows")}
    spans = losses.pop("spans")
    card = config.card
    return _TEXT.format(
        front=yaml.safe_dump(
            _front_matter(config, best, main), allow_unicode=True, sort_keys=False
        ),
        title=card.title,
        labels=", ".join(config.labels),
        version=metrics["versions"]["marsad"],
        encoder=config.encoder,
        splits="\n".join(rows),
        seeds=_seeds(metrics, main) + _int8(metrics),
        main=main,
        by_label="\n".join(by_label),
        test="; the test split was scored once, at the end" if best["test"] else "",
        reports=_reports(metrics, best["seed"], config),
        use_and_limits="".join(
            f"## {title}\n\n{text}\n\n"
            for title, text in (("Intended use", card.intended_use), ("Limits", card.limits))
            if text
        ),
        train_documents=counts["train"]["documents"],
        train_spans=spans,
        fingerprint=metrics["data"]["fingerprint"],
        data_files="\n".join(
            f"- {key}: {', '.join(f'`{path}`' for path in paths)}"
            for key, paths in config.data.model_dump().items()
            if isinstance(paths, tuple | list) and paths
        ),
        notes="".join(f"- note: {note}\n" for note in metrics["data"]["notes"]),
        data_statement=f"\n{card.data}\n" if card.data else "",
        losses=", ".join(f"{value} {name.replace('_', ' ')}" for name, value in losses.items()),
        learning_rate=config.learning_rate,
        batch=config.per_device_train_batch_size * config.gradient_accumulation_steps,
        best_epoch=f"{best['best_epoch']:.4g}",
        epochs=f"{config.num_train_epochs:.4g}",
        minutes=best["seconds"] / 60,
        memory=best["peak_memory"] / 1e9,
        licence=card.licence_statement
        or "Not stated. The licences of the encoder and of the training data decide; state them "
        "under `card` in the config.",
    )


def _reports(metrics: dict[str, Any], seed: int, config: TrainConfig) -> str:
    """Return tables of the files that were scored: by label, source, length and spelling."""
    runs = {run["seed"]: run.get("reports") or {} for run in metrics["seeds"]}
    reports = runs[seed]
    if not reports:
        return ""
    lines = [
        "## Scores by data, label, source, length and spelling",
        "",
        f"Strict F1; the mean and standard deviation over the seeds, and seed {seed} alone.",
        "",
        f"| data | documents | all seeds | seed {seed} | {' | '.join(config.labels)} |",
        "| --- " * (4 + len(config.labels)) + "|",
    ]
    for path, found in reports.items():
        values = [run[path]["scores"]["micro"]["f1"] for run in runs.values() if path in run]
        spread = f" ± {stdev(values):.3f}" if len(values) > 1 else ""
        labels = " | ".join(
            f"{found['scores']['labels'][label]['f1']:.3f}" for label in config.labels
        )
        lines.append(
            f"| {path} | {found['documents']} | {fmean(values):.3f}{spread} | "
            f"{found['scores']['micro']['f1']:.3f} | {labels} |"
        )
    for title, key in (("source", "by_source"), ("words", "by_length")):
        lines += ["", f"| data | {title} | documents | F1 |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {path} | {_named(name, config)} | {part['documents']} | {part['f1']:.3f} |"
            for path, found in reports.items()
            for name, part in found[key].items()
        ]
    lines += [
        "",
        "Hasty spelling is the same sentences with letters without hamza, ta marbuta as ha, ya and "
        "alef maqsura mixed up, and Arabic-Indic digits (`train/augmentation.py`).",
        "",
        "| data | documents | as written | hasty spelling |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {path} | {found['spelling']['documents']} | {found['spelling']['clean']:.3f} | "
        f"{found['spelling']['hasty']:.3f} |"
        for path, found in reports.items()
    ]
    return "\n".join(lines) + "\n\n"


def _named(source: str, config: TrainConfig) -> str:
    meaning = config.card.sources.get(source)
    return f"{source}: {meaning}" if meaning else source


def _front_matter(config: TrainConfig, best: dict[str, Any], main: str) -> dict[str, Any]:
    metric = {
        "type": "f1",
        "name": "strict span micro F1",
        "value": round(best[main]["micro"]["f1"], 4),
    }
    return {
        "language": "ar",
        "license": config.card.license,
        "library_name": "transformers",
        "pipeline_tag": "token-classification",
        "tags": ["named-entity-recognition", "armed-conflict", "marsad"],
        "model-index": [
            {
                "name": config.card.title,
                "results": [
                    {
                        "task": {"type": "token-classification"},
                        "dataset": {"type": "marsad", "name": f"{main} split"},
                        "metrics": [metric],
                    }
                ],
            }
        ],
    }


def _int8(metrics: dict[str, Any]) -> str:
    """Say what the int8 graph costs; nothing where the run made none."""
    int8 = metrics.get("int8")
    if int8 is None:
        return ""
    if "refused" in int8:
        return " It has no int8 graph and runs in fp32; `metrics.json` says why."
    return (
        f" In int8, as it runs on CPUs that can, it scores {int8['int8']:.4f} on {int8['name']}, "
        f"in fp32 {int8['fp32']:.4f} ({int8['documents']} documents)."
    )


def _seeds(metrics: dict[str, Any], main: str) -> str:
    spread = metrics[f"{main}_f1"]
    if len(spread["values"]) == 1:
        return f"One seed ({metrics['best_seed']}); train several to know the spread."
    values = ", ".join(f"{value:.3f}" for value in spread["values"])
    return (
        f"Over {len(spread['values'])} seeds the {main} F1 is {spread['mean']:.3f} ± "
        f"{spread['standard_deviation']:.3f} (mean and standard deviation of {values}). This is "
        f"seed {metrics['best_seed']}, the best on validation."
    )
