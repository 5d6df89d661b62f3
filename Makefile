# Each verb is one line that calls tools/, tests/ or bench/; `make help` lists them.
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory
unexport MAKEFLAGS
T := tools/toolchain >&2 &&

.PHONY: all test test-smp test-landing toolchain tree export figures fold series kunit kunit-smp kunit-rt kunit-kcsan kunit-hotplug \
	sample sample-smp drivers drivers-smp random random-smp \
	random-finds compile model bh-drain bh-drain-x86 check seeded cost bench docs send bisect bases \
	kunit-gcc kunit-arm64 kunit-arm kunit-oldest test-all help clean

all: kunit ## the main job: toolchain, kernel tree, series, UML kernel, its suites, a quick walk through the sample
	@tests/sample/run.py --quick

test: ## what has to pass in user mode Linux: kunit, sample, drivers, compile, random; beside them check, some of seeded
	@tools/toolchain --linters >&2 && tools/test.py

test-smp: ## what has to pass on x86_64, emulated: kunit-smp, sample-smp, drivers-smp
	@$(T) tools/test.py smp

test-landing: ## both side by side, before a change lands
	@tools/toolchain --linters >&2 && tools/test.py landing

toolchain: ## install what a build needs, where it is missing
	@tools/toolchain

tree: ## all series as one git branch in build/tree, one commit per patch
	@$(T) tools/tree.py

export: ## write the commits of build/tree to patches/
	@tools/export.py

figures: ## write the figures of README.md anew, from patches/, tests/ and the last run of make bench
	@$(T) tools/figures.py

fold: ## put fixup! commits of build/tree into their patches, without touching the files
	@tools/fold.py

kunit: ## the suites in user mode Linux
	@$(T) tools/kunit.py

kunit-smp: ## the suites on x86_64 with several CPUs, lockdep, KASAN, debug objects, kmemleak
	@$(T) tools/smp.py

kunit-rt: ## the same on PREEMPT_RT, where spinlocks sleep, without KASAN
	@$(T) tools/smp.py rt

kunit-kcsan: ## the suites on x86_64 with four CPUs and KCSAN, which reports data races in C and Rust
	@$(T) tools/kcsan.py

kunit-hotplug: ## the suites on one CPU of several, and random programs while CPUs go and come, on the kernel of kunit-smp
	@$(T) tools/hotplug.py

sample: ## a walk through the sample driver from user space, in user mode Linux
	@$(T) tests/sample/run.py

sample-smp: ## the same on x86_64 with several CPUs, on the kernel of kunit-smp
	@$(T) tests/sample/run.py smp

drivers: ## ports of real drivers, with faked hardware, in user mode Linux
	@$(T) tests/drivers/run.py

drivers-smp: ## the same on x86_64 with several CPUs, on the kernel of kunit-smp
	@$(T) tests/drivers/run.py smp

random: ## random programs over the whole API, compared with a model, in user mode Linux
	@$(T) tests/random/run.py

random-smp: ## the same on the kernel of kunit-smp, by several threads, with allocations that fail; OPERATIONS=n
	@$(T) tests/random/run.py smp

random-finds: ## programs that find seeded bugs must still find them
	@$(T) tests/random/finds.py

compile: ## programs that must, and that must not, compile against the built kernel crate
	@$(T) tests/compile/run.py

bh-drain: ## work queued on a BH workqueue while that is drained or destroyed
	@$(T) tests/bh_drain/run.py

bh-drain-x86: ## the same on x86_64, emulated, with lockdep, and with a CPU that goes offline meanwhile
	@$(T) tests/bh_drain/run.py --machine=x86

model: ## the protocols as models and litmus tests that checkers exhaust, and mutations that they must reject
	@tools/toolchain spin >&2 && tests/model/run.py

check: ## checkpatch, spelling, maintainers, rules of the patches, export is clean, each series applies, mails and back, rustfmt, shellcheck, python, figures of README.md, clippy
	@tools/toolchain --linters >&2 && tools/check.py

cost: ## the code of C that enqueues, expires and cancels is that of the base with its fixes; prints what differs
	@$(T) tools/cost.py

bench: ## Rust against C in one boot: tables, bench/results.json, bench/bench.svg
	@$(T) bench/run.py

docs: ## rustdoc pages of the kernel crate, and no new warning
	@$(T) tools/docs.py

bisect: ## after each patch: builds without a new warning, and its suites pass
	@$(T) tools/bisect_series.py

series: ## each series with only what it depends on builds and passes; with BUILD=no, only the table
	@$(T) tools/series.py

bases: ## which kernels the series applies to; with RUN=yes, build them and run the suites
	@$(T) tools/bases.py

kunit-gcc: ## the suites in a user mode Linux that gcc has compiled
	@$(T) tools/kunit.py gcc

kunit-arm64: ## the suites on arm64, under emulation
	@tools/toolchain qemu-system-arm >&2 && tools/kunit.py arm64

kunit-arm: ## the suites on 32-bit arm, under emulation
	@tools/toolchain qemu-system-arm >&2 && tools/kunit.py arm

kunit-oldest: ## the suites with the oldest toolchain that the kernel takes, in a root of Debian 13
	@tools/toolchain debootstrap >&2 && tools/oldest.py

test-all: ## sample with all its loads, model, bh-drain, bh-drain-x86, seeded, bugs in kernels of their own, bounds taken away, drivers under load and mutated, kunit-hotplug, kunit-rt, kunit-kcsan, random-finds, random-smp, sample-smp, cost, series, bisect, bases built and run, docs, gcc, arm64, arm, oldest toolchain; takes hours
	@tools/toolchain qemu-system-arm debootstrap spin >&2 && RUN=yes tools/test.py all

send: ## all series, or SERIES=name, as mails, by b4, and back; sends one only with SEND=yes
	@tools/send.py --check && $(T) tools/send.py

seeded: ## bugs put into the series on purpose, each of which a test must report
	@$(T) tests/seeded/run.py

clean: ## remove everything generated, downloads included, unless build/tree has work that is not in patches/
	@tools/clean.py

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { sub("^all$$", "", $$1); printf "  make %-13s %s\n", $$1, $$2 }' Makefile
