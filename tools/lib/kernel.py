"""Kernels: how they are configured and built."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from lib.common import BUILD, LOGS, ROOT, TREE, environment, git, must, need_space, output, run_logged
from lib.kernel_log import must_be_silent


def configs(*names: str) -> tuple[Path, ...]:
    return tuple(ROOT / f"kunit/{name}.config" for name in names)


CONFIGS = configs("uml", "users", "series", "sample")


def copy_times(source: Path, to: Path) -> None:
    times = source.lstat()
    os.utime(to, ns=(times.st_atime_ns, times.st_mtime_ns), follow_symlinks=False)


@dataclass(frozen=True)
class Kernel:
    """A kernel: its source, its objects, how its logs are called, and what it is made of."""

    source: Path
    objects: Path
    name: str
    configs: tuple[Path, ...] = CONFIGS
    arch: str = "um"
    llvm: bool = True

    @property
    def options(self) -> tuple[str, ...]:
        """Of make, beside the architecture."""
        return ("LLVM=1",) * self.llvm

    def log(self, what: str) -> Path:
        return LOGS / f"{self.name}-{what}.log"

    def make(self, what: str, *args: str) -> None:
        """Runs the kernel's make; `what` is for the name of the log."""
        self.objects.mkdir(parents=True, exist_ok=True)
        must(["make", "-C", str(self.source), f"O={self.objects}", f"ARCH={self.arch}", *self.options,
              f"-j{os.cpu_count()}", *args], self.log(what), f"{self.name}: make {what}", env=environment(), objects=self.objects)

    def begin_as(self, other: Kernel) -> None:
        """Takes over what has been compiled for another kernel with these options, so that make compiles only what differs.
        Both have one source, or worktrees of one repository, and `source` has no changes yet."""
        if self.source != other.source:
            head = git(self.source, "rev-parse", "HEAD").strip()
            changed = set(git(other.source, "diff", "--name-only", "--no-renames", "-z", head).split("\0"))
            for name in git(self.source, "ls-files", "-z").split("\0")[:-1]:
                if name in changed:
                    os.utime(self.source / name, follow_symlinks=False)
                else:
                    copy_times(other.source / name, self.source / name)
            git(self.source, "update-index", "-q", "--refresh")  # or else the next checkout writes all files again
        copy = self.objects.with_name(f"{self.objects.name}.new")
        if copy.exists():
            shutil.rmtree(copy)
        output(["cp", "-aT", str(other.objects), str(copy)])
        for path in copy.rglob("*.cmd"):
            text = path.read_text()
            for old, new in ((other.source, self.source), (other.objects, self.objects)):
                text = re.sub(rf"{re.escape(str(old))}(?![\w.-])", str(new), text)
            path.write_text(text)
            copy_times(other.objects / path.relative_to(copy), path)
        copy.rename(self.objects)

    def complete(self, config: str) -> None:
        """Configures the kernel by these lines and defaults, if they are not those of the last time."""
        asked = self.objects / "asked.config"  # .config itself has all options
        if not asked.exists() or asked.read_text() != config:
            self.objects.mkdir(parents=True, exist_ok=True)
            (self.objects / ".config").write_text(config)
            self.make("config", "olddefconfig")
            asked.write_text(config)

    def add_module(self, directory: Path, root: Path) -> Path:
        """Builds the module of a directory, and copies it to `root`. Returns where its objects are."""
        built = root.with_name(f"{root.name}-{directory.name}")
        self.make(f"module-{directory.name}", f"M={directory}", f"MO={built}", "modules")
        for module in built.glob("*.ko"):
            shutil.copy(module, root)
        return built

    # By the kernel's own kunit.py, which checks that every option of the configurations is there.

    def kunit(self, verb: str, *args: str) -> list[str]:
        return ["python3", str(self.source / "tools/testing/kunit/kunit.py"), verb, f"--arch={self.arch}",
                f"--build_dir={self.objects}", *(f"--make_options={option}" for option in self.options), *args]

    def configured(self, verb: str, *args: str) -> list[str]:
        return self.kunit(verb, *(f"--kunitconfig={config}" for config in self.configs), *args)

    def configure(self) -> None:
        must(self.configured("config"), self.log("config"), "configuring", cwd=self.source, env=environment())

    def build(self) -> None:
        need_space(4, "a kernel")
        self.configure()
        must(self.configured("build", f"--jobs={os.cpu_count()}"), self.log("build"), "building the kernel",
             cwd=self.source, env=environment(), objects=self.objects)

    @property
    def result(self) -> Path:
        return self.objects / "result.json"

    @property
    def console(self) -> Path:
        return self.objects / "test.log"

    def run(self, limit: int = 300) -> None:
        """Boots the kernel, which runs its tests. Results are in `result`, its words in `console`."""
        self.result.unlink(missing_ok=True)
        # kunit.py limits what the kernel takes, and not what it takes itself.
        run_logged(self.kunit("exec", f"--timeout={limit}", f"--json={self.result}"), self.log("run"),
                   cwd=self.source, env=environment(), timeout=2 * limit)

    def parse(self, log: Path, result: Path) -> None:
        """Reads the results of a boot from its log."""
        result.unlink(missing_ok=True)
        run_logged(["python3", str(self.source / "tools/testing/kunit/kunit.py"), "parse", f"--json={result}", str(log)],
                   self.log("parse"), cwd=self.source, env=environment())

    def must_be_silent(self) -> None:
        must_be_silent(self.console.read_text(errors="replace"), Counter(), self.console)


SERIES = Kernel(TREE, BUILD / "uml", "kunit", (*CONFIGS, *configs("instruments", "uml-smp")))
