"""Where the unpatched kernel comes from: LINUX=dir, linux/, or Debian's linux-source package.

Each source ends as a git repository whose branch `base` is the unpatched tree. Nothing is written
to a directory or repository that the user owns: their objects are borrowed, not changed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lib.common import BUILD, LOGS, ROOT, Failure, environment, git, git_environment, must, need_space, output, say

APT = BUILD / "apt"
PREFERRED = "7.3"
# The code name as well as the alias: a mirror may show an older state under one of them.
SUITES = ("trixie-backports", "stable-backports", "unstable", "experimental")


@dataclass(frozen=True)
class Source:
    """One place that has a kernel. `name` identifies its content, and is what a person is shown."""

    name: str
    directory: Path | None = None  # a user's tree
    package: str = ""  # a Debian package …
    version: str = ""  # … and its version

    def create(self, repo: Path) -> None:
        """Makes `repo`: a repository with this kernel checked out on branch `base`."""
        shutil.rmtree(repo, ignore_errors=True)
        if self.directory is None:
            need_space(4, "the kernel tree")
            tar = download(self)
            repo.mkdir(parents=True)
            # Objects that have been made of another kernel are older than any file.
            must(["tar", "-C", str(repo), "--strip-components=1", "--touch", "-xf", str(tar)],
                 LOGS / "unpack.log", f"unpacking {tar.name}")
            unhide(repo / ".gitignore")
            commit_all(repo, self.name)
        elif is_repository(self.directory):
            borrow(self.directory, repo)
        else:
            need_space(4, "the kernel tree")
            say(f"    copying {self.directory}")
            shutil.copytree(self.directory, repo, symlinks=True, copy_function=shutil.copy, ignore=shutil.ignore_patterns("*.o", ".git"))
            commit_all(repo, self.name)


def given_source() -> Source | None:
    """The kernel tree that the user has given."""
    if given := os.environ.get("LINUX"):
        return user_tree(Path(given).resolve(), "LINUX")
    if (ROOT / "linux" / "Makefile").exists():
        return user_tree(ROOT / "linux", "linux/")
    return None


def candidates() -> list[Source]:
    """The sources to try, best first. Only Debian's packages can be more than one."""
    given = given_source()
    return [given] if given else debian_packages()


def user_tree(directory: Path, what: str) -> Source:
    if not (directory / "rust" / "kernel" / "lib.rs").exists():
        raise Failure(f"{what} ({directory}) is not a kernel tree with Rust support")
    if (directory / ".git").exists() and not is_repository(directory):
        raise Failure(f"{what} ({directory}) has a .git that git does not take")
    if is_repository(directory):
        head = git(directory, "rev-parse", "HEAD").strip()
        if git(directory, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules").strip():
            say(f"    note: {what} has uncommitted changes; they are not used, its HEAD {head[:12]} is")
        return Source(f"{what} at {head}", directory)
    return Source(f"{what}: a copy of {directory}, {stamp(directory)}", directory)


def stamp(directory: Path) -> str:
    """Of the files that are there, as far as their size and time say it."""
    digest = hashlib.sha256()
    for folder, folders, names in os.walk(directory):
        folders.sort()
        for name in sorted(name for name in names if name[0] != "." and not name.endswith(".o")):
            status = Path(folder, name).lstat()
            digest.update(f"{folder}/{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:12]


def is_repository(directory: Path) -> bool:
    done = subprocess.run(["git", "-C", str(directory), "rev-parse", "--show-toplevel"], text=True,
                          capture_output=True, env=git_environment())
    return done.returncode == 0 and Path(done.stdout.strip()).resolve() == directory.resolve()


def borrow(source: Path, repo: Path) -> None:
    """A repository that reads the objects of `source` and owns everything else."""
    repo.mkdir(parents=True)
    git(repo, "init", "--quiet", "--initial-branch=base")

    def path_of(name: str) -> Path:
        return (source / git(source, "rev-parse", "--git-path", name).strip()).resolve()

    (repo / ".git/objects/info/alternates").write_text(f"{path_of('objects')}\n")
    if path_of("shallow").exists():
        shutil.copy(path_of("shallow"), repo / ".git/shallow")
    git(repo, "reset", "--hard", "--quiet", git(source, "rev-parse", "HEAD").strip())


def commit_all(repo: Path, name: str) -> None:
    """Commits a tree that came without history. The dates are fixed so that the id says only what
    is in it."""
    say("    making it a git repository (under a minute)")
    shutil.rmtree(repo / ".git", ignore_errors=True)
    git(repo, "init", "--quiet", "--initial-branch=base")
    # Files that .gitignore names are part of what was shipped.
    git(repo, "add", "--all", "--force")
    env = git_environment() | {"GIT_AUTHOR_DATE": "2000-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2000-01-01T00:00:00Z",
                               "GIT_AUTHOR_NAME": "series", "GIT_AUTHOR_EMAIL": "series@tree.invalid"}
    output(["git", "-C", str(repo), "commit", "--quiet", "--no-verify", "-m", name], env=env)


def unhide(gitignore: Path) -> None:
    """Debian ignores everything that is not its packaging; here new files of the kernel count."""
    gitignore.write_text(re.sub(r"\n#\n# Debian packaging:.*", "\n", gitignore.read_text(), flags=re.S))


# Debian's packages, through an apt configuration of our own


def apt(*args: str, cwd: Path | None = None) -> str:
    env = environment() | {"APT_CONFIG": str(APT / "apt.conf")}
    done = subprocess.run(list(args), env=env, cwd=cwd, text=True, capture_output=True, stdin=subprocess.DEVNULL)
    with (LOGS / "apt.log").open("a") as log:
        log.write(f"$ {' '.join(args)}\n{done.stdout}{done.stderr}")
    if done.returncode and args[1] != "update":
        errors = [x for x in done.stderr.splitlines() if x.startswith("E:")] or [done.stderr.strip()]
        raise Failure(f"{errors[0]}\nthe Debian archive does not give what is asked for (no network?); the log: build/logs/apt.log")
    return done.stdout


def mirror() -> str:
    """The archive that this machine's own configuration uses."""
    rows = subprocess.run(["apt-get", "indextargets", "--format", "$(LABEL)|$(REPO_URI)|$(SUITE)|$(RELEASE)",
                           "Created-By: Packages"], text=True, capture_output=True).stdout.splitlines()
    parsed = [row.split("|") for row in rows]
    for label, uri, _, _ in parsed:
        if label == "Debian":
            return uri
    for _, uri, _, release in parsed:
        # Before the first `apt-get update` the label is not known yet.
        if re.match(r"(bookworm|trixie|stable|oldstable)$", release) and "security" not in uri:
            return uri
    raise Failure("apt is not configured for a Debian mirror: populate linux/ (git submodule update --init) "
                  "or give a kernel tree with LINUX=dir")


def keyring() -> str:
    for name in ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp"):
        path = Path("/usr/share/keyrings") / name
        if path.exists():
            return str(path)
    raise Failure("/usr/share/keyrings has no Debian archive keyring: install debian-archive-keyring")


def configure_apt() -> None:
    """Lists of all suites, beside the configuration of the machine. A suite may be gone one day; what counts is whether
    a package is found."""
    for part in ("lists/partial", "cache/archives/partial"):
        (APT / part).mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    uri, key = mirror(), keyring()
    (APT / "sources.list").write_text("".join(f"deb [signed-by={key}] {uri} {suite} main\n" for suite in SUITES))
    (APT / "apt.conf").write_text(
        f'Dir::Etc::SourceList "{APT}/sources.list";\nDir::Etc::SourceParts "/dev/null";\n'
        f'Dir::State::Lists "{APT}/lists";\nDir::Cache "{APT}/cache";\nAPT::Sandbox::User "root";\n'
        'Acquire::Languages "none";\nAcquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";\n'
        'Acquire::AllowInsecureRepositories "false";\n')
    apt("apt-get", "update")


def debian_packages() -> list[Source]:
    if not shutil.which("apt-get"):
        raise Failure("no kernel source: linux/ is empty and this is not Debian. Run 'git submodule update --init' "
                      "or give a kernel tree with LINUX=dir")
    configure_apt()
    found = []
    for name in re.findall(r"^(linux-source-[\d.]+) ", apt("apt-cache", "search", "--names-only", r"^linux-source-[0-9.]+$"), re.M):
        for version in {row.split("|")[1].strip() for row in apt("apt-cache", "madison", name).splitlines()}:
            found.append(Source(f"Debian's {name} {version}", None, name, version))
    if not found:
        raise Failure("the Debian archive shows no linux-source package (no network?); the log: build/logs/apt.log")

    def order(s: Source) -> tuple[bool, list[int], bool, list[int]]:
        series = s.package.removeprefix("linux-source-")
        numbers = [int(x) for x in re.findall(r"\d+", s.version)]
        return (series == PREFERRED, [int(x) for x in series.split(".")], "~rc" not in s.version, numbers)

    return sorted(found, key=order, reverse=True)


def download(source: Source) -> Path:
    """The package's tar file. apt checks the signature of the index and the hash of the package."""
    done = BUILD / "download" / f"{source.package}_{source.version}"
    if not done.exists():
        need_space(1, "the download")
        say(f"    downloading {source.package} {source.version} (about 170 MB)")
        part = done.with_name("part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        apt("apt-get", "download", f"{source.package}={source.version}", cwd=part)
        (deb,) = part.glob("*.deb")
        output(["dpkg-deb", "-x", str(deb), str(part / "x")])
        deb.unlink()
        part.rename(done)
    (tar,) = (done / "x/usr/src").glob("linux-source-*.tar.*")
    return tar
