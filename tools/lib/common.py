"""What every verb shares: paths, the environment of a build, steps with their time, logs."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
LOGS = BUILD / "logs"
PATCHES = ROOT / "patches"
TREE = BUILD / "tree"
BASE = BUILD / "base"  # a worktree of TREE's repository at the unpatched base

INTERRUPTED = Event()  # for the threads, which no signal reaches

TTY = sys.stdout.isatty()
COLOR = TTY and "NO_COLOR" not in os.environ


def paint(text: str, code: str) -> str:
    return f"\033[{code}m{text}\033[0m" if COLOR else text


def say(text: str) -> None:
    print(text, flush=True)


class Failure(Exception):
    """Something a person has to know; printed without a stack trace."""


def rel(path: Path) -> str:
    try:
        return str(path.relative_to(ROOT))
    except ValueError:
        return str(path)


def environment() -> dict[str, str]:
    """The environment of kernel builds: our toolchain first, nothing that a user's shell adds."""
    env = dict(os.environ)
    path = BUILD / "toolchain" / "path"
    if not path.exists():
        raise Failure("the toolchain is not set up: run 'make toolchain'")
    prefix = path.read_text().strip()
    if prefix:
        env["PATH"] = prefix + ":" + env["PATH"]
    for name in ("ARCH", "CROSS_COMPILE", "KBUILD_OUTPUT", "LLVM", "MAKEFLAGS", "MFLAGS", "MAKELEVEL",
                 "RUSTFLAGS", "KRUSTFLAGS", "KCFLAGS", "KAFLAGS", "KCPPFLAGS", "KCONFIG_CONFIG", "KCONFIG_ALLCONFIG",
                 "LOCALVERSION", "LINUX", "O", "V", "W", "C"):
        env.pop(name, None)
    env["LC_ALL"] = "C"
    # An object that differs in nothing but its date is a needless rebuild.
    env["KBUILD_BUILD_TIMESTAMP"] = "Thu Jan  1 00:00:00 UTC 1970"
    env["KBUILD_BUILD_USER"] = env["KBUILD_BUILD_HOST"] = "build"
    # What two compilers say at the same time gets mixed up.
    env["GNUMAKEFLAGS"] = "--output-sync=target"
    return env


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    say(paint("==> ", "1;34") + name)
    start = time.monotonic()
    yield
    say(f"    {name}: {duration(time.monotonic() - start)}")


def duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60} s"


def run_logged(cmd: Sequence[str], log: Path, *, cwd: Path | None = None, env: dict[str, str] | None = None,
               timeout: float | None = None, objects: Path | None = None, quiet: bool = False) -> int:
    """Runs `cmd` with all output in `log`. Unless `quiet`, shows how far it is, on a terminal all the
    time, elsewhere every half minute: the last line, or how many objects a build has made in
    `objects`. Returns the exit status; 124 after `timeout` seconds."""
    log.parent.mkdir(parents=True, exist_ok=True)
    start = shown = time.monotonic()
    width = shutil.get_terminal_size().columns - 1

    def progress() -> str:
        if objects is None:
            return last_line(log)
        # Directories come and go meanwhile, which os.walk() does not mind.
        count = sum(name.endswith(".o") for _, _, names in os.walk(objects) for name in names)
        return f"{count} objects in {rel(objects)}"

    with log.open("wb") as out:
        proc = subprocess.Popen(list(cmd), cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out,
                                stderr=subprocess.STDOUT, start_new_session=True)
        try:
            while True:
                try:
                    status = proc.wait(timeout=1)
                    break
                except subprocess.TimeoutExpired:
                    pass
                if INTERRUPTED.is_set():
                    raise KeyboardInterrupt
                now = time.monotonic()
                if timeout is not None and now - start > timeout:
                    status = 124
                    break
                if quiet:
                    continue
                if TTY:
                    print("\r\033[K" + f"    {duration(now - start)}: {progress()}"[:width], end="", flush=True)
                elif now - shown > 30:
                    shown = now
                    say(f"    … {duration(now - start)}: {progress()[:90]}")
        finally:
            if TTY and not quiet:
                print("\r\033[K", end="", flush=True)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(proc.pid, 15)
                try:
                    proc.wait(timeout=10)
                except subprocess.TimeoutExpired:  # A UML kernel that crashes may not listen.
                    os.killpg(proc.pid, 9)
            proc.wait()
    return status


def last_line(log: Path) -> str:
    with log.open("rb") as f:
        f.seek(max(0, log.stat().st_size - 400))
        lines = f.read().decode(errors="replace").strip().splitlines()
    return "".join(c for c in re.sub(r"\x1b\[[0-9;]*m", "", lines[-1]) if c.isprintable()) if lines else ""


def must(cmd: Sequence[str], log: Path, what: str, *, cwd: Path | None = None,
         env: dict[str, str] | None = None, objects: Path | None = None) -> None:
    if status := run_logged(cmd, log, cwd=cwd, env=env, objects=objects):
        tail = log.read_text(errors="replace").splitlines()[-20:]
        raise Failure("\n".join([*tail, f"{what} failed (status {status}); the log: {rel(log)}"]))


def captured(cmd: Sequence[str], *, cwd: Path | None = None, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Status and output of a command, and what it said beside that."""
    with subprocess.Popen(list(cmd), cwd=cwd, env=env, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as proc:
        try:
            out, error = proc.communicate()
        except BaseException:
            proc.terminate()  # on which git removes its lock files; subprocess.run() would kill it
            proc.wait()
            raise
    return proc.returncode, out, error


def output(cmd: Sequence[str], *, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    status, out, error = captured(cmd, cwd=cwd, env=env)
    if status:
        raise Failure(f"{' '.join(cmd)}: {error.strip() or out.strip()}")
    return out


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """An interrupt waits until steps are over that belong together."""
    old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)


def git_environment() -> dict[str, str]:
    """Git as it comes, without the person's configuration: what it writes must not depend on it."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    env |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C",
            "GIT_COMMITTER_NAME": "series", "GIT_COMMITTER_EMAIL": "series@tree.invalid"}
    # A kernel tree that LINUX names may be somebody else's. A new one would be packed in the background, beside the builds.
    config = {"safe.directory": "*", "core.autocrlf": "false", "gc.auto": "0"}
    for number, (key, value) in enumerate(config.items()):
        env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return env | {"GIT_CONFIG_COUNT": str(len(config))}


def git(repo: Path, *args: str) -> str:
    return output(["git", "-C", str(repo), *args], env=git_environment())


def worktree(source: Path, revision: str) -> None:
    """A worktree of build/tree at `revision`. Files that are in place already keep their times."""
    head = ["git", "-C", str(source), "rev-parse", "--verify", "--quiet", "HEAD"]
    # Not known when build/tree has been made anew.
    if not (source / ".git").exists() or subprocess.run(head, env=git_environment(), capture_output=True).returncode:
        shutil.rmtree(source, ignore_errors=True)
        git(TREE, "worktree", "prune")
        git(TREE, "worktree", "add", "--quiet", "--force", "--detach", str(source), revision)
    git(source, "checkout", "--quiet", "--force", "--detach", revision)


def patched(revision: str, patch: Path) -> str:
    """A commit of build/tree: that revision with a patch. Its id says only what is in it."""
    with tempfile.TemporaryDirectory() as scratch:
        env = git_environment() | {"GIT_INDEX_FILE": f"{scratch}/index", "GIT_AUTHOR_NAME": "series",
                                   "GIT_AUTHOR_EMAIL": "series@tree.invalid", "GIT_AUTHOR_DATE": "2000-01-01T00:00:00Z",
                                   "GIT_COMMITTER_DATE": "2000-01-01T00:00:00Z"}
        repo = ["git", "-C", str(TREE)]
        output([*repo, "read-tree", revision], env=env)
        output([*repo, "apply", "--cached", str(patch)], env=env)
        tree = output([*repo, "write-tree"], env=env).strip()
        return output([*repo, "commit-tree", tree, "-p", revision, "-m", patch.name], env=env).strip()


def edited_tree() -> str:
    """The state of build/tree, with changes that are not committed yet."""
    if untracked := git(TREE, "ls-files", "--others", "--exclude-standard").split():
        raise Failure(f"build/tree has files that git does not know ({untracked[0]}): git add them first")
    return git(TREE, "stash", "create").strip() or git(TREE, "rev-parse", "HEAD").strip()


def need_space(gigabytes: float, what: str) -> None:
    BUILD.mkdir(exist_ok=True)
    free = shutil.disk_usage(BUILD).free / 1e9
    if free < gigabytes:
        raise Failure(f"{what} needs {gigabytes:.0f} GB under build/, and {free:.1f} GB are free")


@contextlib.contextmanager
def lock(name: str) -> Iterator[None]:
    """One process at a time; a second one says that it waits."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / f".{name}.lock").open("w") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"    waiting for another run that holds build/.{name}.lock")
            fcntl.flock(f, fcntl.LOCK_EX)
        yield


def parser(what: str | None) -> argparse.ArgumentParser:
    """For the arguments of a script, whose docstring is what --help says."""
    return argparse.ArgumentParser(description=what, formatter_class=argparse.RawDescriptionHelpFormatter)


def verdict(verb: str, ok: bool, detail: str) -> NoReturn:
    say((paint("PASS", "1;32") if ok else paint("FAIL", "1;31")) + f" {verb}: {detail}")
    sys.exit(0 if ok else 1)


def interrupt(number: int, frame: object) -> NoReturn:
    INTERRUPTED.set()
    raise KeyboardInterrupt


@contextlib.contextmanager
def reporting(verb: str) -> Iterator[None]:
    """Turns a Failure into one message and a status."""
    # Who is told to end takes its builds and emulators along.
    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    except Failure as e:
        *details, last = str(e).strip().splitlines()
        for line in details:
            say(line)
        verdict(verb, False, last)
    except KeyboardInterrupt:
        verdict(verb, False, "interrupted; the same command goes on from here")
