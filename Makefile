# evclean: `make demo` shows it, `make test` proves it. Each target does all the set-up by itself.
BUILD ?= build
CMAKE_FLAGS ?=

.PHONY: all build bundle demo test test-peers soak bench setup clean format

all: build

setup:
	@scripts/setup.sh build

build: setup
	@scripts/build.sh $(BUILD) evclean $(CMAKE_FLAGS)

# One archive that runs on bare nodes: build/evclean-bundle.tar.gz.
bundle: build
	@scripts/make-bundle.sh $(BUILD)

demo: build
	@scripts/demo.sh $(BUILD)

test:
	@scripts/setup.sh test
	@scripts/build.sh $(BUILD) all $(CMAKE_FLAGS)
	@scripts/run-tests.sh $(BUILD)

# What needs heavy company: real Slurm and a bare Debian root.
test-peers:
	@scripts/setup.sh test
	@scripts/build.sh $(BUILD) all $(CMAKE_FLAGS)
	@scripts/test-peers.sh $(BUILD)

soak:
	@scripts/setup.sh test
	@scripts/build.sh $(BUILD) all $(CMAKE_FLAGS)
	@scripts/soak.sh $(BUILD)

bench:
	@scripts/setup.sh test
	@scripts/build.sh $(BUILD) all $(CMAKE_FLAGS)
	@bench/run.sh $(BUILD)

format:
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format -i

clean:
	rm -rf $(BUILD) .stamps
