PYTHON ?= python3
BIN := .venv/bin
# The tests start hundreds of interpreters; without bytecode each compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check format bench siege fuzz gallery clean

run: .venv/core  ## set up, serve with the embedded engine, and show one real edit
	$(BIN)/retouch serve --demo retouch-demo

test: .venv/dev  ## set up and run every test
	$(BIN)/pytest -q -n auto --maxprocesses 4 --dist loadfile

check: .venv/dev  ## lint, format, types, import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: .venv/dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: .venv/dev  ## print the figures of benchmarks/README.md
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.upload
	$(BIN)/python -m benchmarks.darkroom
	$(BIN)/python -m benchmarks.previews
	$(BIN)/python -m benchmarks.generative
	$(BIN)/python -m benchmarks.understanding

siege: .venv/dev  ## an hour and a quarter under load: every server of it must hold
	$(BIN)/python -m benchmarks.endurance --minutes 30
	$(BIN)/python -m benchmarks.endurance --minutes 30 --kill
	$(BIN)/python -m benchmarks.slow_senders
	$(BIN)/python -m benchmarks.draining
	$(BIN)/python -m benchmarks.fairness

fuzz: .venv/dev  ## a hundred thousand hostile cases for each of what reads what strangers send
	scripts/setup dev fuzz
	$(BIN)/python -m tests.security.fuzz

gallery: .venv/dev  ## write docs/gallery: every operation before and after
	$(BIN)/python -m scripts.gallery

.venv/core: pyproject.toml constraints.txt
	PYTHON=$(PYTHON) scripts/setup
	touch $@

.venv/dev: pyproject.toml constraints.txt
	PYTHON=$(PYTHON) scripts/setup dev
	touch .venv/core $@

clean:
	rm -rf .venv retouch-demo .mypy_cache .ruff_cache .pytest_cache
