# `make demo` and `make test` are all the set-up there is: both make .venv first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint clean

demo: .venv/ready
	rm -rf runs/demo
	$(BIN)/marsad train configs/quick.yaml output_dir=runs/demo
	$(BIN)/marsad evaluate runs/demo seeds/heldout
	$(BIN)/marsad predict -m runs/demo --pretty - < seeds/seed-article.txt

test: .venv/ready
	$(BIN)/python -m pytest

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# constraints.txt pins what was tested; torch is pinned in it to a version with a CPU build.
.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch .venv/ready

clean:
	rm -rf .venv runs dist build
