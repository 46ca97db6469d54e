# One command for each job. Each sets up what it needs in .venv by itself.
#
#   make demo    train the classic experiment, evaluate it, show a prediction
#   make test    the default test suite, some minutes
#   make check   style and types
#   make page    the types of the page's JavaScript
#   make bench   speed, as ratios measured in one run, beside all peers; some minutes
#   make bench-quick   the same for newcomers: less than three minutes, nothing more to install
#   make bench-lab  the lab: reading by HTTP, training while a page watches, and drawing
#   make lesson  open the lesson in a browser
#   make sanitize   the C++ tests, under AddressSanitizer and UBSan, under ThreadSanitizer, and among guard pages
#   make soak    the tests that take long, and a million hostile files of each form
#   make docs    the documentation as web pages, in docs/_build
#   make reference   the pages of docs/reference that follow from the code
#   make robustness  measure again what docs/reference/robustness.md shows; two minutes
#   make wheel   the package, in dist: its source, and wheels that need no compiler, for the Pythons on the PATH or PYTHONS=...
#   make standard  make the model that ships anew, to the same bytes; CHECK=1 only compares
#   make rejection  make the network that rejects what is no digit anew, likewise
#   make golden  compute the golden traces again (only when the experiment itself is meant to change)
#   make clean   remove everything that these commands made, except the runs

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo lesson test check page sanitize bench bench-quick bench-lab soak docs reference robustness wheel standard rejection golden clean
.DELETE_ON_ERROR:

demo: $(VENV)/ready
	$(BIN)/digitlab train seed
	$(BIN)/digitlab evaluate
	$(BIN)/digitlab show

lesson: $(VENV)/ready-lesson
	$(BIN)/jupyter lab docs/lesson/classic.ipynb

# Plain `pytest` does the same in one process. One more than there are cores: some wait for a browser, or for a process.
test: $(VENV)/ready-test $(VENV)/ready-interop $(VENV)/ready-browser
	$(BIN)/python -m pytest -n $$($(BIN)/python -c "import os; print(min(4, os.cpu_count() + 1))") \
	  --dist loadfile --no-loadscope-reorder

check: $(VENV)/ready-test $(VENV)/ready-lint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# The types of the page's JavaScript, by TypeScript; Node comes from a wheel.
page: $(VENV)/ready-page
	PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix tools/page ci --silent --no-audit --no-fund
	PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix tools/page run --silent check

# All three are run, even where one of them finds something. See cpp/tests/CMakeLists.txt.
sanitize: $(VENV)/ready-cmake
	@mkdir -p build; failed=; for kind in address thread guard; do \
	  echo "== $$kind"; \
	  $(BIN)/cmake -S cpp/tests -B build/sanitize-$$kind -G Ninja -DSANITIZE=$$kind \
	    -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(BIN)/ninja >build/sanitize-$$kind.log && \
	  $(BIN)/cmake --build build/sanitize-$$kind >>build/sanitize-$$kind.log && \
	  build/sanitize-$$kind/digitlab_tests || failed="$$failed $$kind"; \
	done; test -z "$$failed" || { echo "failed:$$failed"; exit 1; }

bench: $(VENV)/ready-bench
	$(BIN)/python benchmarks/engines.py
	$(BIN)/python benchmarks/epoch.py
	$(BIN)/python benchmarks/distortions.py
	$(BIN)/python benchmarks/recipes.py
	$(BIN)/python benchmarks/start_up.py
	$(BIN)/python benchmarks/cluster.py

bench-quick: $(VENV)/ready
	$(BIN)/python benchmarks/engines.py --quick

bench-lab: $(VENV)/ready-browser
	$(BIN)/python benchmarks/lab.py
	$(BIN)/python benchmarks/lab_watched.py
	$(BIN)/python -m benchmarks.lab_drawing

soak: $(VENV)/ready-test $(VENV)/ready-interop $(VENV)/ready-browser $(VENV)/ready-soak $(VENV)/ready-wheel $(VENV)/ready-docs
	$(BIN)/python -m pytest -m soak
	$(BIN)/python -m tests.hostile.fuzz

docs: $(VENV)/ready-docs
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build

reference: $(VENV)/ready
	$(BIN)/python docs/make_reference.py

robustness: $(VENV)/ready
	$(BIN)/python docs/make_robustness.py

wheel: $(VENV)/ready-wheel
	$(BIN)/python -m tools.make_wheels $(PYTHONS)

standard: $(VENV)/ready
	$(BIN)/python -m tools.make_standard $(if $(CHECK),--check)

rejection: $(VENV)/ready
	$(BIN)/python -m tools.make_digit_or_not $(if $(CHECK),--check)

golden: $(VENV)/ready
	$(BIN)/python -m tests.golden.rewrite

clean:
	rm -rf $(VENV) build dist docs/_build docs/jupyter_execute .pytest_cache .mypy_cache .ruff_cache .hypothesis

# What is installed where: the package alone, then each group of tools on top of it.
$(VENV)/ready: pyproject.toml CMakeLists.txt $(wildcard cpp/*)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "digitlab needs Python 3.11 or later; name one with: make PYTHON=python3.12"; exit 1; }
	@echo "setting up $(VENV)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --editable .
	@touch $@

$(VENV)/ready-%: $(VENV)/ready
	@echo "setting up $(VENV) for: $*"
	@$(PIP) install --group $*
	@touch $@

# The C++ tests need no digitlab, only what builds them.
$(VENV)/ready-cmake:
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install cmake ninja
	@touch $@
