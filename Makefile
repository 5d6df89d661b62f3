# Each verb is one line that calls tools/ or tests/; `make help` lists them.
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory
unexport MAKEFLAGS
T := tools/toolchain >&2 &&

.PHONY: all test toolchain tree export fold kunit kunit-smp compile check seeded cost help clean

all: kunit ## the main job: toolchain, kernel tree, series, UML kernel, its suites, totals

test: ## everything that has to pass: check, kunit, programs that must not compile, kunit-smp
	@$(T) tools/test.py

toolchain: ## install what a build needs, where it is missing
	@tools/toolchain

tree: ## the series as a git branch in build/tree, one commit per patch
	@$(T) tools/tree.py

export: ## write the commits of build/tree to patches/
	@tools/export.py

fold: ## put fixup! commits of build/tree into their patches, without touching the files
	@tools/fold.py

kunit: ## the suites in user mode Linux
	@$(T) tools/kunit.py

kunit-smp: ## the suites on x86_64 with several CPUs, lockdep, KASAN, debug objects, kmemleak
	@$(T) tools/smp.py

compile: ## programs that must, and that must not, compile against the built kernel crate
	@$(T) tests/compile/run.py

check: ## checkpatch, rustfmt, clippy, export is clean
	@$(T) tools/check.py

cost: ## instructions that the C patch adds for workqueues that do not opt in
	@$(T) tools/cost.py

seeded: ## bugs put into the series on purpose, each of which a test must report
	@$(T) tests/seeded/run.py

clean: ## remove everything generated, downloads included
	rm -rf build

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { sub("^all$$", "", $$1); printf "  make %-10s %s\n", $$1, $$2 }' Makefile
