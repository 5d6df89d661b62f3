#!/usr/bin/env python3
"""make kunit-kcsan: the suites on x86_64 with several CPUs and KCSAN, which watches accesses of C and Rust for data races.

Races are random, so their number decides nothing. A report is a failure if

- one of its two accesses is the series': in a Rust function of the modules workqueue, task_work and module, in a helper
  of C that it adds or changes, or in a line of kernel/workqueue.c that it adds or changes, also by way of inlined functions;
- or memory was freed while somebody used it, and a Rust function of such a module stands in one of the stacks;
- and the unpatched base has not reported a race between the same two functions, and KNOWN does not have
  them, with a reason.

What is left is a race between two lines of the kernel that the series leaves alone; these are counted.
A run in which KCSAN did not look fails: it must say that it is on, strict, and has passed its self-test, the objects of
Rust must call it, it must have watched accesses, and it must have reported something, since the base has races.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import pairwise, takewhile

from lib.common import ROOT, TREE, Failure, edited_tree, environment, git, lock, output, parser, rel, reporting, say, step, verdict
from lib.kernel import Kernel
from lib.kernel_log import PREFIX, complaints, must_be_silent
from lib.smp import LIMIT, Machine
from smp import suites
from tree import ensure_tree

# The kernel instruments C alone; the patch has it instrument Rust, in the base as well.
KCSAN = Machine("kcsan", ("kcsan",), cpus=4, limit=2 * LIMIT, patch=ROOT / "kunit/kcsan-rust.patch", end="init: end")
# Data races between these functions, which the suites of the series are the first to meet, and why they are none of the
# series. `*` is any part of a name: of what is inlined, the name that is reported is that of its caller.
KNOWN = (
    # take_back(), which is inlined, looks at PENDING and PWQ of a queued item without the lock of its pool, as C does in
    # work_grab_pending(). insert_wq_barrier() sets LINKED under that lock, by a plain store that leaves the two alone.
    "_RNvMs2_NtNtC6kernel9workqueue12delayed_itemNtNtB7_11owned_queue7Private14cancel_delayed / insert_wq_barrier",
    # Of a task, is_kernel_thread() alone reads a field: PF_KTHREAD of its flags, which never changes. exit_signals() sets
    # PF_EXITING by a plain store. Both are inlined.
    "_R*9task_work* / do_exit",
)
TITLE = re.compile(r"BUG: KCSAN: (.*)$")
ACCESS = re.compile(r"(?:race at unknown origin, with )?\S+(?: \S+){0,4} to 0x[0-9a-f]+ of \d+ bytes by ")
FRAME = re.compile(r"([\w.$]+)\+0x[0-9a-f]+/0x[0-9a-f]+")
CRATE = re.compile(r"Cs[0-9A-Za-z]+_(?=\d)")
LINE = re.compile(r" at (\S+):(\d+)")
END = "Reported by Kernel Concurrency Sanitizer"
SAYS = (r"kcsan: enabled early$", r"kcsan: strict mode configured$", r"kcsan: selftest: (\d+)/\1 tests passed$")
WATCHED = re.compile(r"^init: kcsan: setup_watchpoints: *(\d+)$", re.M)


@dataclass
class Report:
    title: str
    stacks: list[list[str]] = field(default_factory=list)  # of the two accesses, or of the one that is known
    places: list[str] = field(default_factory=list)  # of these accesses: function+0xoffset/0xsize

    def functions(self) -> list[str]:
        return [function for stack in self.stacks for function in stack]

    def pair(self) -> str:
        """The functions that have raced, in an order that does not depend on who was first, without the hashes of crates."""
        return " / ".join(sorted(CRATE.sub("C", stack[0]) if stack else "?" for stack in self.stacks))


def reports(log: str) -> list[Report]:
    """Those of a kernel log. Lines of other CPUs may stand between those of a report."""
    found: list[Report] = []
    inside = False
    for line in log.splitlines():
        text = PREFIX.sub("", line)
        if title := TITLE.search(text):
            found.append(Report(title[1]))
            inside = True
        elif END in text:
            inside = False
        elif inside and ACCESS.match(text):
            found[-1].stacks.append([])
        elif inside and found[-1].stacks and (frame := FRAME.match(text)):
            report = found[-1]
            if len(report.places) < len(report.stacks):
                report.places.append(frame[0])
            report.stacks[-1].append(frame[1].partition(".")[0])
    return found


# What is the series'.

def changed_lines(diff: str) -> dict[str, list[int]]:
    """The lines that a diff without context adds or changes, by file; also the one behind a line that it removes."""
    lines: dict[str, list[int]] = {}
    name = ""
    for line in diff.splitlines():
        if line.startswith("+++ b/"):
            name = line.removeprefix("+++ b/")
        elif hunk := re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            lines.setdefault(name, []).extend(range(first, first + max(count, 1)))
    return lines


def functions_of_c(source: str, lines: list[int]) -> set[str]:
    """The functions that these lines of a source are in. Kernel style: they begin and end in the first column."""
    found = set()
    text = source.splitlines()
    starts = [n for n, line in enumerate(text, 1) if re.match(r"[A-Za-z_].*\(", line) and not line.rstrip().endswith(";")]
    for start, following in pairwise([*starts, len(text) + 1]):
        end = next((n for n in range(start, following) if text[n - 1].startswith("}")), following)
        if any(start <= line <= end for line in lines) and (name := re.search(r"(\w+)\(", text[start - 1])):
            found.add(name[1])
    return found


def rust_module(path: str) -> str:
    """How a mangled symbol names the module of a file: `9workqueue` for rust/kernel/workqueue/scope.rs. What is below it
    has it in its name as well."""
    name = path.removeprefix("rust/kernel/").removesuffix(".rs").partition("/")[0]
    return f"{len(name)}{name}"


def files(revision: str) -> list[str]:
    return git(TREE, "diff", "--name-only", "--diff-filter=d", "base", revision).split()


@dataclass
class Series:
    """What is the series' code."""

    rust: re.Pattern[str]  # its functions in Rust
    helpers: set[str]  # those of rust/helpers
    lines: dict[str, list[int]]  # what it adds or changes in C
    where: dict[str, list[tuple[str, int]]] = field(default_factory=dict)  # a place: its line, and those it is inlined in

    def accesses(self, stack: list[str], place: str) -> bool:
        """Whether the access at the top of a stack is by the series."""
        rust = takewhile(lambda function: function.startswith("_R"), stack)
        return (any(self.rust.match(function) for function in rust) or stack[0] in self.helpers
                or any(line in self.lines.get(path, ()) for path, line in self.where.get(place, ())))

    def owns(self, report: Report) -> bool:
        if "assert" in report.title:  # C frees memory, and asserts that nobody uses it
            return any(self.rust.match(function) for function in report.functions())
        return any(self.accesses(stack, place) for stack, place in zip(report.stacks, report.places, strict=True))


def of_the_series(revision: str) -> Series:
    rust = {rust_module(path) for path in files(revision) if re.fullmatch(r"rust/kernel/(workqueue|task_work|module)\b.*\.rs", path)}
    lines = changed_lines(git(TREE, "diff", "-U0", "base", revision, "--", "*.c", "*.h"))
    helpers = set()
    for path in lines:
        if path.startswith("rust/helpers/"):
            helpers |= functions_of_c(git(TREE, "show", f"{revision}:{path}"), lines[path])
    return Series(re.compile(rf"^_R.*(?<!\d)({'|'.join(sorted(rust))})"), helpers, lines)


def located(text: str, source: str) -> dict[str, list[tuple[str, int]]]:
    """Reads what faddr2line prints: a place, without its size, and the lines that it is at."""
    found: dict[str, list[tuple[str, int]]] = {}
    place = ""
    for line in text.splitlines():
        if line.endswith(":") and FRAME.match(line):
            place = line.partition("/")[0]
            found[place] = []
        elif at := LINE.search(line):
            found[place].append((at[1].removeprefix(f"{source}/"), int(at[2])))
    return found


def before(place: str) -> str:
    """A stack has the address behind the access. Sizes differ: in vmlinux there is padding between functions."""
    function, offset, _ = re.split(r"\+|/", place)
    return f"{function}+{int(offset, 16) - 1:#x}"


def locate(kernel: Kernel, places: set[str]) -> dict[str, list[tuple[str, int]]]:
    """Finds the lines of the places that are in kernel/workqueue.c, by the same object with line numbers."""
    kernel.make("lines", "CFLAGS_workqueue.o=-g", "kernel/workqueue.o")
    code = kernel.objects / "kernel/workqueue.o"
    symbols = output(["llvm-nm", "--defined-only", "--format=just-symbols", str(code)], env=environment()).split()
    asked = {before(place): place for place in places if place.partition("+")[0] in symbols}
    if not asked:
        return {}
    text = output([str(kernel.source / "scripts/faddr2line"), str(code), *sorted(asked)], env=environment())
    found = located(text, str(kernel.source))
    if missing := sorted(set(asked) - {place for place, lines in found.items() if lines}):
        raise Failure(f"faddr2line does not know the lines of {missing}")
    return {asked[place]: lines for place, lines in found.items()}


def judge(found: list[Report], known: Iterable[str], series: Series) -> tuple[list[Report], list[Report]]:
    """The reports that are failures, and the others that are about the series."""
    ours = [report for report in found if series.owns(report)]
    others = [report for report in ours if any(fnmatchcase(report.pair(), pattern) for pattern in known)]
    return [report for report in ours if report not in others], others


def must_have_looked(text: str) -> int:
    """Returns how many accesses KCSAN has watched."""
    for pattern in SAYS:
        if not re.search(pattern, text, re.M):
            raise Failure(f"KCSAN is not active: the kernel does not say '{pattern}'")
    watched = WATCHED.search(text)
    if not watched or not int(watched[1]):
        raise Failure("KCSAN has watched no access")
    return int(watched[1])


def rust_must_call_it(kernel: Kernel) -> None:
    undefined = output(["llvm-nm", "--undefined-only", str(kernel.objects / "rust/kernel.o")], env=environment())
    if "__tsan_read8" not in undefined:
        raise Failure("KCSAN does not see accesses of Rust: rust/kernel.o does not call it")


def without_reports(log: str) -> str:
    """The other complaints of a log."""
    return "\n".join(line for line in log.splitlines() if not TITLE.search(line))


def show(report: Report) -> None:
    say(f"    {report.pair()}")  # as it would stand in KNOWN
    for stack in report.stacks:
        say("      " + " < ".join(stack))


def main() -> None:
    parser(__doc__).parse_args()
    with reporting("kunit-kcsan"), lock("kcsan"):
        ensure_tree()
        base = KCSAN.unpatched(must_have_looked)
        KCSAN.build_series()
        rust_must_call_it(KCSAN.series)
        log = KCSAN.series.log("run")
        with step(f"suites on {KCSAN.cpus} CPUs"):
            text, total = suites(KCSAN, log)
        watched = must_have_looked(text)
        found = reports(text)
        if not found:
            raise Failure(f"KCSAN has reported nothing, not even the races of the base; the log: {rel(log)}")
        of_base = Counter(report.pair() for report in reports(base))
        series = of_the_series(edited_tree())
        series.where = locate(KCSAN.series, {place for report in found for place in report.places})
        failures, known = judge(found, {*of_base, *KNOWN}, series)
        say(f"    KCSAN has watched {watched} accesses, and reported {len(found)} races, {len(failures) + len(known)} of them by "
            f"the series; in the unpatched kernel {sum(of_base.values())} of {len(of_base)} kinds")
        for report in known:
            say(f"    known: {report.pair()}")
        for report in failures:
            show(report)
        if failures:
            raise Failure(f"{len(failures)} data races in the series; the log: {rel(log)}")
        must_be_silent(without_reports(text), complaints(without_reports(base)), log)
        verdict("kunit-kcsan", total.failed == 0, f"{total}, no data race in the series; the log: {rel(log)}")


if __name__ == "__main__":
    main()
