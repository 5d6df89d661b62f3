#!/usr/bin/env python3
"""make send: the series as the mails that b4 would send, and back from the mails into a tree.

All series of patches/stack, or the one that SERIES= names. Who runs it becomes the author of the patches
and signs them off, in the mails only. Nothing is sent without SEND=yes. With --check, only the words of
the command are looked at.
"""

from __future__ import annotations

import email
import email.policy
import functools
import hashlib
import json
import mailbox
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from email.utils import formataddr, getaddresses
from pathlib import Path

from lib.common import (
    BUILD, LOGS, PATCHES, ROOT, TREE, Failure, environment, git, git_environment, lock, must, output, parser, rel,
    reporting, say, step, verdict,
)
from lib.source import borrow
from lib.stack import Series, closure, read
from tree import apply_patches, committed, cover_description, ensure_tree, local_work, read_state, version_of

B4 = BUILD / "toolchain/b4/bin/b4"
SOURCE = BUILD / "send-src"  # a repository of its own, because b4 keeps what it knows in its configuration
OUT = BUILD / "send"
SENT = PATCHES / "sent"  # what b4 has sent: the names of series, their versions, and what was in them
RESERVED = re.compile(r"(^|\.)(invalid|test|example|localhost|local|example\.(com|net|org))$")
HOW = "Say who you are: git config --global user.name 'Your Name'; git config --global user.email you@your.domain"
# Of the base. It asks those who used a tool to name it.
ASSISTANTS = "Documentation/process/coding-assistants.rst"


@dataclass(frozen=True)
class Sender:
    name: str
    email: str
    assisted_by: str = ""  # as the sender has it in the mails

    @property
    def trailers(self) -> str:
        return (f"Assisted-by: {self.assisted_by}\n" if self.assisted_by else "") + f"Signed-off-by: {self.name} <{self.email}>"


def configured() -> Sender:
    """The person who runs this, as git knows them."""
    name, address = (subprocess.run(["git", "-C", str(ROOT), "config", "--get", f"user.{x}"], text=True,
                                    capture_output=True).stdout.strip() for x in ("name", "email"))
    if not name or not address:
        raise Failure(f"git has no user.name and user.email, and only a person can sign patches off.\n{HOW}")
    local, _, domain = address.rpartition("@")
    if not local or "." not in domain or RESERVED.search(domain.lower()) or re.search("no-?reply", address, re.I):
        raise Failure(f"git's user.email is {address}, at which nobody can be answered.\n{HOW}")
    return Sender(name, address, "" if answer() == "none" else answer())


def answer() -> str:
    """What the sender says about tools."""
    given = os.environ.get("ASSISTED_BY", "").strip()
    if not given.isprintable() or given.lower().startswith("assisted-by:"):
        raise Failure("ASSISTED_BY= is what stands behind 'Assisted-by: ', on one line, or none")
    return given


def wanted() -> list[Series]:
    """The series that SERIES= names, or all."""
    stack, name, sending = read(), os.environ.get("SERIES", ""), os.environ.get("SEND") == "yes"
    names = ", ".join(series.name for series in stack)
    if name and name not in (series.name for series in stack):
        raise Failure(f"there is no series '{name}' in patches/stack, which has {names}")
    if sending and not name:
        raise Failure(f"SEND=yes sends one series: say SERIES= as well, one of {names}")
    answer()
    return [series for series in stack if name in ("", series.name)]


def what_is_asked(text: str) -> str:
    """The section of a document that asks for the tag; empty if none does."""
    sections = re.split(r"\n(?=[^\n]+\n[=+~^-]{3,}\n)", text)
    return next((section.strip() for section in sections if re.search(r"^\s*Assisted-by: ", section, re.M)), "")


def must_have_answered() -> None:
    """Only the sender knows which tools were used, and the kernel's rules want to know."""
    done = subprocess.run(["git", "-C", str(TREE), "show", f"base:{ASSISTANTS}"], env=git_environment(), text=True, capture_output=True)
    asked = what_is_asked(done.stdout) if done.returncode == 0 else ""
    if asked and not answer():
        raise Failure(f"{ASSISTANTS} of the base says:\n\n{asked}\n\nAdd ASSISTED_BY='...', which becomes the Assisted-by tag of each "
                      "patch, or ASSISTED_BY=none if there is nothing to name")


def upstream_base() -> str:
    """The commit of mainline that the series is for; build/tree may have it without its history."""
    return output(["git", "-C", str(ROOT), "rev-parse", "HEAD:linux"]).strip()


def repository() -> None:
    """SOURCE, with the unpatched kernel on branch `base`."""
    base = git(TREE, "rev-parse", "base").strip()
    known = subprocess.run(["git", "-C", str(SOURCE), "rev-parse", "--verify", "--quiet", "base^{commit}"],
                           env=git_environment(), text=True, capture_output=True).stdout.strip()
    if known != base:
        shutil.rmtree(SOURCE, ignore_errors=True)
        borrow(TREE, SOURCE)
        git(SOURCE, "config", "feature.manyFiles", "true")  # a smaller index, which each commit writes anew
        git(SOURCE, "checkout", "--quiet", "-B", "base", base)
    if (SOURCE / ".git/rebase-apply").exists():
        git(SOURCE, "am", "--abort")
    git(SOURCE, "reset", "--quiet", "--hard")


def branch(what: str, series: Series) -> str:
    """Of SOURCE: what is `below` a series, and what is made of it from there."""
    return f"{what}/{series.name}"


@functools.cache
def as_in_patches(series: Series) -> None:
    """Makes the branches `below` and `patches`, and the tag by which b4 finds what it has sent."""
    below = committed(SOURCE, closure(read(), series)[:-1])
    git(SOURCE, "branch", "--force", branch("below", series), below)
    git(SOURCE, "checkout", "--quiet", "--force", "-B", branch("patches", series), below)
    apply_patches(SOURCE, series.patches)
    # A tag of b4 has the base commit of the mails here, and would count what is below twice.
    text = f"{series.name}\n\nbase-commit: {below}\nchange-id: {series.change_id}\n"
    git(SOURCE, "tag", "--force", "--annotate", "--message", text, f"sent/{series.change_id}-v{version_of(series)}",
        branch("patches", series))


@dataclass(frozen=True)
class Submission:
    """One series on its way to the lists."""

    series: Series
    needs: tuple[Series, ...]
    who: Sender
    out: Path

    @property
    def mails(self) -> Path:
        return self.out / "mails"

    @property
    def alone(self) -> bool:
        """One patch is one mail."""
        return len(self.series.patches) == 1

    def environment(self) -> dict[str, str]:
        """b4 keeps what it knows in build/, also which checks have been done."""
        return environment() | {"XDG_CACHE_HOME": str(self.out / "cache"), "XDG_DATA_HOME": str(self.out / "data")}

    def b4(self, what: str, *args: str, editor: str = ":") -> str:
        """Runs b4 in the prepared repository, without network; returns what it said."""
        if not B4.exists():
            raise Failure("b4 is not installed: run 'make toolchain'")
        # With a mail server, b4 writes mails without a signature. It does not ask the server.
        env = self.environment() | {"GIT_EDITOR": editor, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "sendemail.smtpserver",
                                    "GIT_CONFIG_VALUE_0": "localhost"}
        log = LOGS / f"send-{self.series.name}-{what}.log"
        must([str(B4), "--offline-mode", *args], log, f"b4 {args[0]} of {self.series.name}", cwd=SOURCE, env=env)
        return re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(errors="replace"))

    def apply(self, what: str, mails: list[Path], *options: str, env: dict[str, str] | None = None) -> None:
        git(SOURCE, "checkout", "--quiet", "--force", "-B", branch(what, self.series), branch("below", self.series))
        output(["git", "-C", str(SOURCE), "am", "--quiet", *options, *map(str, mails)], env=git_environment() | (env or {}))

    def prepare(self) -> None:
        """A branch for b4: the sender is the author where nobody is, and signs off."""
        for series in [*self.needs, self.series]:
            as_in_patches(series)
        shutil.rmtree(self.out, ignore_errors=True)
        (self.out / "signed").mkdir(parents=True)
        author = formataddr((self.who.name, self.who.email))
        signed = []
        for path in self.series.patches:
            signed.append(self.out / "signed" / path.name)
            signed[-1].write_text(re.sub(r"^From: .*\.invalid>$", lambda _: f"From: {author}", path.read_text(), count=1, flags=re.M))
            if self.who.assisted_by:
                git(SOURCE, "interpret-trailers", "--in-place", "--trailer", f"Assisted-by: {self.who.assisted_by}", str(signed[-1]))
        self.apply("prepared", signed, "--signoff",
                   env={"GIT_COMMITTER_NAME": self.who.name, "GIT_COMMITTER_EMAIL": self.who.email})

        section = f"branch.{branch('prepared', self.series)}"
        subprocess.run(["git", "-C", str(SOURCE), "config", "--remove-section", section], capture_output=True)
        for name, value in {"user.name": self.who.name, "user.email": self.who.email, "include.path": str(ROOT / ".b4-config"),
                            f"{section}.description": cover_description(self.series.cover.read_text())}.items():
            git(SOURCE, "config", name, value)
        deps = [f"change-id: {series.change_id}:v{version_of(series)}" for series in self.needs]
        (self.out / "deps").write_text("\n".join([*deps, f"base-commit: {upstream_base()}", ""]))
        prefixes = ["--set-prefixes", *self.series.prefixes] if self.series.prefixes else []
        self.b4("enroll", "prep", "--enroll", branch("below", self.series), *prefixes, "--force-revision", version_of(self.series),
                "--edit-deps", editor=f"cp {self.out}/deps")
        # b4 makes a new one, and takes none.
        tracking = json.loads(git(SOURCE, "config", f"{section}.b4-tracking"))
        tracking["series"]["change-id"] = self.series.change_id
        git(SOURCE, "config", f"{section}.b4-tracking", json.dumps(tracking))

    def check(self) -> str:
        """Adds the recipients, and has every patch checked."""
        self.b4("recipients", "prep", "--auto-to-cc")
        said = self.b4("check", "prep", "--check", "--no-cache")
        totals = re.search(r"^Success: (\d+), Warning: (\d+), Error: (\d+)$", said, re.M)
        if not totals or int(totals[1]) != len(self.series.patches) or totals[2] != "0" or totals[3] != "0":
            raise Failure(f"{said}b4 has objections to {self.series.name}; the log: {rel(LOGS / f'send-{self.series.name}-check.log')}")
        return totals[0]

    def write(self) -> None:
        self.b4("write", "send", "--no-sign", "--output-dir", str(self.mails))

    def written(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.mails.glob("*.eml"))]

    def parsed(self) -> list[email.message.EmailMessage]:
        return [email.message_from_bytes(mail, policy=email.policy.default) for mail in self.written()]

    def read_back(self) -> None:
        """From the mails into a tree, as a maintainer does it."""
        shutil.rmtree(self.out / "am", ignore_errors=True)
        (self.out / "mbox").unlink(missing_ok=True)
        box = mailbox.mbox(self.out / "mbox")
        for mail in self.written():
            box.add(mail)
        box.close()
        self.b4("am", "am", "--no-cache", "--use-local-mbox", str(self.out / "mbox"), "--outdir", str(self.out / "am"),
                "--mbox-name", "series", self.parsed()[0]["Message-Id"].strip("<>"))
        self.apply("received", [self.out / "am/series.mbx"])

    def commits(self, what: str) -> list[tuple[str, str, str]]:
        """Tree, author and message of each commit."""
        text = git(SOURCE, "log", "--reverse", "--format=%T%n%an <%ae>%n%B%x00",
                   f"{branch('below', self.series)}..{branch(what, self.series)}")
        return [tuple(commit.lstrip("\n").split("\n", 2)) for commit in text.split("\0") if commit.strip()]  # type: ignore[misc]

    def patch_ids(self, series: Series) -> list[str]:
        """By which the mails of other series name these patches."""
        below, end = (branch(what, series) for what in ("below", "patches"))
        return ids_in(git(SOURCE, "log", "--reverse", "--patch", f"{below}..{end}").encode())

    def compare(self) -> None:
        """The mails say what patches/ says, and the sender's name."""
        who, series = self.who, self.series
        ours, theirs = self.commits("patches"), self.commits("received")
        problems = [] if len(ours) == len(theirs) else [f"{len(ours)} patches became {len(theirs)}"]
        for number, ((tree, author, message), (tree2, author2, message2)) in enumerate(zip(ours, theirs), 1):
            if tree != tree2:
                problems.append(f"patch {number}: the tree is not the same")
            if author2 != (f"{who.name} <{who.email}>" if author.endswith(".invalid>") else author):
                problems.append(f"patch {number}: its author is {author2}")
            if not message2.rstrip().endswith(f"\n{who.trailers}"):
                problems.append(f"patch {number} does not end with what its sender says:\n{who.trailers}")
            if message2.rstrip().removesuffix(who.trailers).rstrip() != message.rstrip():
                problems.append(f"patch {number}: the message is not the same")
        problems += self.wrong_cover()
        patches = self.written()[0 if self.alone else 1:]
        if [ids_in(mail) for mail in patches] != [[patch_id] for patch_id in self.patch_ids(series)]:
            problems.append("the patch ids are not the same")
        if problems:
            raise Failure("\n".join([*problems, f"the mails in {rel(self.mails)} are not the series {series.name}"]))

    def wrong_cover(self) -> list[str]:
        """Subjects, and the text of the cover letter, which is in the patch's own mail if there is only one."""
        series, mails, problems = self.series, self.parsed(), []
        prefix = " ".join(["PATCH", *series.prefixes, *([f"v{version_of(series)}"] if version_of(series) != "1" else [])])
        for number, mail in enumerate(mails):
            counter = "" if self.alone else rf" 0*{number}/{len(series.patches)}"
            if not re.match(rf"\[{re.escape(prefix)}{counter}\] ", mail["Subject"]):
                problems.append(f"mail {number}: its subject begins with {mail['Subject'].partition('] ')[0]}]")
        title, _, body = cover_description(series.cover.read_text()).strip().partition("\n\n")
        text = mails[0].get_content()
        if self.alone:
            text = text.partition("\n---\n")[2]
        elif mails[0]["Subject"].partition("] ")[2] != title:
            problems.append("the subject of the cover letter is not the same")
        if not text.startswith(body) or not text.removeprefix(body).lstrip("\n").startswith("---\n"):
            problems.append("the text of the cover letter is not the same")
        return problems + self.wrong_basis(text)

    def wrong_basis(self, text: str) -> list[str]:
        """Base, change-id and dependencies of the cover letter, if they are not the right ones."""
        right = [f"base-commit: {upstream_base()}", f"change-id: {self.series.change_id}"]
        for series in self.needs:
            right += [f"prerequisite-change-id: {series.change_id}:v{version_of(series)}",
                      *(f"prerequisite-patch-id: {patch_id}" for patch_id in self.patch_ids(series))]
        found = re.findall(r"^(?:base-commit|change-id|prerequisite-[\w-]+): .*$", text, re.M)
        return [] if found == right else ["the cover letter says:", *found, "and should say:", *right]

    def recipients(self) -> list[str]:
        lines = []
        for field in ("To", "Cc"):
            found = getaddresses([str(value) for mail in self.parsed() for value in mail.get_all(field, [])])
            lines += [f"{field}: {name} <{address}>" if name else f"{field}: {address}" for name, address in dict.fromkeys(found)]
        if not lines:
            raise Failure(f"the mails of {self.series.name} are addressed to nobody")
        return lines


def ids_in(text: bytes) -> list[str]:
    done = subprocess.run(["git", "patch-id", "--stable"], input=text, capture_output=True, check=True, env=git_environment())
    return [line.split()[0] for line in done.stdout.decode().splitlines()]


def submission(series: Series, who: Sender, out: Path) -> Submission:
    return Submission(series, closure(read(), series)[:-1], who, out / series.name)


def content(series: Series) -> str:
    """Version and patches of a series, in one word."""
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in series.patches))
    return f"{series.name} {version_of(series)} {digest.hexdigest()[:16]}"


def must_be_sendable(this: Submission) -> None:
    """What is only asked for when it is meant: the base that the mails name, a version that is new, and that
    what the mails depend on can be found."""
    series, version = this.series, version_of(this.series)
    if work := local_work(read_state(TREE)):
        raise Failure(f"build/tree has {work}, and the mails are those of patches/: commit, and run 'make export'")
    if git(TREE, "rev-parse", "base").strip() != upstream_base():
        raise Failure(f"build/tree is made of {read_state(TREE)['source']}, and the mails name the base commit {upstream_base()}.\n"
                      "To send, make and test it with that: git submodule update --init; make; make test-landing")
    sent = SENT.read_text().splitlines() if SENT.exists() else []
    if any(line.startswith(f"{series.name} {version} ") for line in sent):
        raise Failure(f"version {version} has been sent. For the next one: git -C build/tree config branch.{series.branch}.version "
                      f"{int(version) + 1}; say what has changed in the cover letter; make export")
    for below in this.needs:
        if content(below) not in sent:
            raise Failure(f"{series.name} depends on {below.name}, and that has not been sent as it is in patches/, version "
                          f"{version_of(below)}. First: make send SERIES={below.name} SEND=yes")


def rehearsal() -> list[str]:
    """For make check: the mails carry the series, and one that has been changed is noticed."""
    who = Sender("Somebody", "somebody@series.invalid")
    with lock("send"):
        repository()
        for series in read():
            # These mails are not to be taken for those of make send.
            this = submission(series, who, BUILD / "send-rehearsal")
            this.prepare()
            this.write()
            this.read_back()
            this.compare()
        last = sorted(this.mails.glob("*.eml"))[-1]
        last.write_bytes(re.sub(rb"^\+(?=[^+\n])", b"+ ", last.read_bytes(), count=1, flags=re.M))
        this.read_back()
        try:
            this.compare()
        except Failure as e:
            return [] if "the tree is not the same" in str(e) else [str(e)]
    return [f"a change in {rel(last)} was not noticed"]


def rehearse(this: Submission) -> None:
    with step(f"{this.series.name}: mails, and back"):
        this.prepare()
        say(f"    {this.check()}")
        this.write()
        this.read_back()
        this.compare()
        say(f"    {len(this.recipients())} recipients; depends on {', '.join(series.name for series in this.needs) or 'the base alone'}")


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--check", action="store_true", help="only looks at what the command asks for")
    check = arguments.parse_args().check
    with reporting("send"):
        chosen = wanted()
        if check:
            return
        with lock("send"):
            send(chosen)


def send(chosen: list[Series]) -> None:
    who, sending = configured(), os.environ.get("SEND") == "yes"
    ensure_tree()
    all_of_them = [submission(series, who, OUT) for series in chosen]
    if sending:
        must_have_answered()
        must_be_sendable(all_of_them[0])
    say(f"    author: {who.name} <{who.email}>")
    for line in who.trailers.splitlines():
        say(f"    {line}")
    with step("repository for b4"):
        repository()
    for this in all_of_them:
        rehearse(this)
    if len(all_of_them) == 1:
        for line in this.recipients():
            say(f"    {line}")
    what = (f"{sum(len(this.written()) for this in all_of_them)} mails in {rel(this.out if len(chosen) == 1 else OUT)}, "
            f"{sum(len(series.patches) for series in chosen)} patches of {len(chosen)} series back from them are equal")
    if not sending:
        verdict("send", True, f"{what}; nothing is sent without SEND=yes")
    git(SOURCE, "checkout", "--quiet", branch("prepared", this.series))
    # With the person's own settings for mail and keys; b4 shows the recipients again, and asks.
    if subprocess.run([str(B4), "send"], cwd=SOURCE, env=this.environment()).returncode:
        raise Failure("b4 did not send")
    with SENT.open("a") as sent:
        sent.write(f"{content(this.series)}\n")
    verdict("send", True, f"{what}, and sent")


if __name__ == "__main__":
    main()
