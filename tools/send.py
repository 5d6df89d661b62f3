#!/usr/bin/env python3
"""make send: the series as the mails that b4 would send, and back from the mails into a tree.

Who runs it becomes the author of the patches and signs them off, in the mails only. Nothing is sent
without SEND=yes.
"""

from __future__ import annotations

import email
import email.policy
import json
import mailbox
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from email.utils import formataddr, getaddresses
from pathlib import Path

from lib.common import (BUILD, LOGS, ROOT, TREE, Failure, environment, git, git_environment, lock, must, output, rel,
                        reporting, say, step, verdict)
from lib.source import borrow
from tree import BRANCH, apply_patches, ensure_tree, patch_files, read_state, version_of

B4 = BUILD / "toolchain/b4/bin/b4"
SOURCE = BUILD / "send-src"  # a repository of its own, because b4 keeps what it knows in its configuration
OUT = BUILD / "send"
MAILS = OUT / "mails"
SENT = BUILD / "sent"  # the versions that b4 has sent
PREPARED, RECEIVED = "rust-workqueue", "received"
# What makes all versions of the series one, for b4 and for who looks for them.
CHANGE_ID = "20261121-rust-workqueue-40670a0b7436"
RESERVED = re.compile(r"(^|\.)(invalid|test|example|localhost|local|example\.(com|net|org))$")
HOW = "Say who you are: git config --global user.name 'Your Name'; git config --global user.email you@your.domain"


@dataclass(frozen=True)
class Sender:
    name: str
    email: str

    @property
    def sign_off(self) -> str:
        return f"Signed-off-by: {self.name} <{self.email}>"


def configured() -> Sender:
    """The person who runs this, as git knows them."""
    name, address = (subprocess.run(["git", "-C", str(ROOT), "config", "--get", f"user.{x}"], text=True,
                                    capture_output=True).stdout.strip() for x in ("name", "email"))
    if not name or not address:
        raise Failure(f"git has no user.name and user.email, and only a person can sign patches off.\n{HOW}")
    local, _, domain = address.rpartition("@")
    if not local or "." not in domain or RESERVED.search(domain.lower()) or re.search("no-?reply", address, re.I):
        raise Failure(f"git's user.email is {address}, at which nobody can be answered.\n{HOW}")
    return Sender(name, address)


def b4_environment() -> dict[str, str]:
    """b4 keeps what it knows in build/, also which checks have been done."""
    return environment() | {"XDG_CACHE_HOME": str(OUT / "cache"), "XDG_DATA_HOME": str(OUT / "data")}


def b4(what: str, *args: str, editor: str = ":") -> str:
    """Runs b4 in the prepared repository, without network; returns what it said."""
    if not B4.exists():
        raise Failure("b4 is not installed: run 'make toolchain'")
    # With a mail server, b4 writes mails without a signature. It does not ask the server.
    env = b4_environment() | {"GIT_EDITOR": editor, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "sendemail.smtpserver",
                              "GIT_CONFIG_VALUE_0": "localhost"}
    log = LOGS / f"send-{what}.log"
    must([str(B4), "--offline-mode", *args], log, f"b4 {args[0]}", cwd=SOURCE, env=env)
    return re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(errors="replace"))


def upstream_base() -> str:
    """The commit of mainline that the series is for; build/tree may have it without its history."""
    return output(["git", "-C", str(ROOT), "rev-parse", "HEAD:linux"]).strip()


def version() -> str:
    return version_of(patch_files()[0].read_text())


def repository() -> None:
    """SOURCE, with the unpatched kernel on branch `base` and the series as it is in patches/ on `series`."""
    base = git(TREE, "rev-parse", "base").strip()
    known = subprocess.run(["git", "-C", str(SOURCE), "rev-parse", "--verify", "--quiet", "base^{commit}"],
                           env=git_environment(), text=True, capture_output=True).stdout.strip()
    if known != base:
        shutil.rmtree(SOURCE, ignore_errors=True)
        borrow(TREE, SOURCE)
        git(SOURCE, "checkout", "--quiet", "-B", "base", base)
    if (SOURCE / ".git/rebase-apply").exists():
        git(SOURCE, "am", "--abort")
    git(SOURCE, "reset", "--quiet", "--hard")
    apply_patches(SOURCE)


def apply(branch: str, mails: list[Path], *options: str, env: dict[str, str] | None = None) -> None:
    git(SOURCE, "checkout", "--quiet", "--force", "-B", branch, "base")
    output(["git", "-C", str(SOURCE), "am", "--quiet", *options, *map(str, mails)], env=git_environment() | (env or {}))


def prepare(who: Sender) -> None:
    """A branch for b4: the sender is the author where nobody is, and signs off."""
    repository()
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / "signed").mkdir(parents=True)
    author = formataddr((who.name, who.email))
    signed = []
    for path in patch_files()[1:]:
        signed.append(OUT / "signed" / path.name)
        signed[-1].write_text(re.sub(r"^From: .*\.invalid>$", lambda _: f"From: {author}", path.read_text(), count=1, flags=re.M))
    apply(PREPARED, signed, "--signoff", env={"GIT_COMMITTER_NAME": who.name, "GIT_COMMITTER_EMAIL": who.email})

    subprocess.run(["git", "-C", str(SOURCE), "config", "--remove-section", f"branch.{PREPARED}"], capture_output=True)
    for name, value in {"user.name": who.name, "user.email": who.email, "include.path": str(ROOT / ".b4-config"),
                        f"branch.{PREPARED}.description": git(SOURCE, "config", f"branch.{BRANCH}.description")}.items():
        git(SOURCE, "config", name, value)
    b4("enroll", "prep", "--enroll", "base")
    tracked = f"branch.{PREPARED}.b4-tracking"
    tracking = json.loads(git(SOURCE, "config", tracked))
    tracking["series"] |= {"change-id": CHANGE_ID, "revision": int(version())}
    git(SOURCE, "config", tracked, json.dumps(tracking))
    (OUT / "deps").write_text(f"base-commit: {upstream_base()}\n")
    b4("deps", "prep", "--edit-deps", editor=f"cp {OUT}/deps")


def check() -> str:
    """Adds the recipients, and has every patch checked."""
    b4("recipients", "prep", "--auto-to-cc")
    said = b4("check", "prep", "--check", "--no-cache")
    totals = re.search(r"^Success: (\d+), Warning: (\d+), Error: (\d+)$", said, re.M)
    if not totals or int(totals[1]) != len(patch_files()) - 1 or totals[2] != "0" or totals[3] != "0":
        raise Failure(f"{said}b4 has objections; the log: {rel(LOGS / 'send-check.log')}")
    return totals[0]


def write_mails() -> None:
    b4("write", "send", "--no-sign", "--output-dir", str(MAILS))


def written() -> list[bytes]:
    return [path.read_bytes() for path in sorted(MAILS.glob("*.eml"))]


def mails() -> list[email.message.EmailMessage]:
    return [email.message_from_bytes(mail, policy=email.policy.default) for mail in written()]


def read_back() -> None:
    """From the mails into a tree, as a maintainer does it."""
    shutil.rmtree(OUT / "am", ignore_errors=True)
    (OUT / "mbox").unlink(missing_ok=True)
    box = mailbox.mbox(OUT / "mbox")
    for mail in written():
        box.add(mail)
    box.close()
    b4("am", "am", "--no-cache", "--use-local-mbox", str(OUT / "mbox"), "--outdir", str(OUT / "am"), "--mbox-name", "series",
       mails()[0]["Message-Id"].strip("<>"))
    apply(RECEIVED, [OUT / "am/series.mbx"])


def commits(branch: str) -> list[tuple[str, str, str]]:
    """Tree, author and message of each commit."""
    text = git(SOURCE, "log", "--reverse", "--format=%T%n%an <%ae>%n%B%x00", f"base..{branch}")
    return [tuple(commit.lstrip("\n").split("\n", 2)) for commit in text.split("\0") if commit.strip()]  # type: ignore[misc]


def compare(who: Sender) -> None:
    """The mails say what patches/ says, and the sender's name."""
    ours, theirs = commits(BRANCH), commits(RECEIVED)
    problems = [] if len(ours) == len(theirs) else [f"{len(ours)} patches became {len(theirs)}"]
    for number, ((tree, author, message), (tree2, author2, message2)) in enumerate(zip(ours, theirs), 1):
        if tree != tree2:
            problems.append(f"patch {number}: the tree is not the same")
        if author2 != (f"{who.name} <{who.email}>" if author.endswith(".invalid>") else author):
            problems.append(f"patch {number}: its author is {author2}")
        if not message2.rstrip().endswith(f"\n{who.sign_off}"):
            problems.append(f"patch {number} is not signed off by its sender")
        if message2.rstrip().removesuffix(who.sign_off).rstrip() != message.rstrip():
            problems.append(f"patch {number}: the message is not the same")
    title, _, body = git(SOURCE, "config", f"branch.{BRANCH}.description").strip().partition("\n\n")
    cover = mails()[0]
    if re.sub(r"^\[.*?\] ", "", cover["Subject"]) != title:
        problems.append("the subject of the cover letter is not the same")
    if not cover.get_content().startswith(f"{body}\n\n---\n") or f"\nbase-commit: {upstream_base()}\n" not in cover.get_content():
        problems.append("the text of the cover letter is not the same")
    if problems:
        raise Failure("\n".join([*problems, f"the mails in {rel(MAILS)} are not the series"]))


def recipients() -> list[str]:
    lines = []
    for field in ("To", "Cc"):
        found = getaddresses([str(value) for mail in mails() for value in mail.get_all(field, [])])
        lines += [f"{field}: {name} <{address}>" if name else f"{field}: {address}" for name, address in dict.fromkeys(found)]
    if not lines:
        raise Failure("the mails are addressed to nobody")
    return lines


def must_be_sendable() -> None:
    """What is only asked for when it is meant: the base that the mails name, and a version that is new."""
    if git(TREE, "rev-parse", "base").strip() != upstream_base():
        raise Failure(f"build/tree is made of {read_state(TREE)['source']}, and the mails name the base commit {upstream_base()}.\n"
                      "To send, make and test it with that: git submodule update --init; make; make test")
    if SENT.exists() and version() in SENT.read_text().split():
        raise Failure(f"version {version()} has been sent. For the next one: git -C build/tree config branch.{BRANCH}.version "
                      f"{int(version()) + 1}; say what has changed in the cover letter; make export")


def rehearsal() -> list[str]:
    """For make check: the mails carry the series, and one that has been changed is noticed."""
    global OUT, MAILS
    OUT = BUILD / "send-rehearsal"  # these mails are not to be taken for those of make send
    MAILS = OUT / "mails"
    who = Sender("Somebody", "somebody@series.invalid")
    with lock("send"):
        prepare(who)
        write_mails()
        read_back()
        compare(who)
        last = sorted(MAILS.glob("*.eml"))[-1]
        last.write_bytes(re.sub(rb"^\+(?=[^+\n])", b"+ ", last.read_bytes(), count=1, flags=re.M))
        read_back()
        try:
            compare(who)
        except Failure as e:
            return [] if "the tree is not the same" in str(e) else [str(e)]
    return [f"a change in {rel(last)} was not noticed"]


def main() -> None:
    with reporting("send"), lock("send"):
        who = configured()
        ensure_tree()
        sending = os.environ.get("SEND") == "yes"
        if sending:
            must_be_sendable()
        say(f"    author and sign-off: {who.name} <{who.email}>")
        with step("branch for b4"):
            prepare(who)
        with step("recipients and checks, by b4"):
            say(f"    {check()}")
        with step("mails"):
            write_mails()
        with step("back from the mails"):
            read_back()
            compare(who)
        for line in recipients():
            say(f"    {line}")
        what = f"{len(mails())} mails in {rel(MAILS)}, {len(patch_files()) - 1} patches back from them are equal"
        if not sending:
            verdict("send", True, f"{what}; nothing is sent without SEND=yes")
        git(SOURCE, "checkout", "--quiet", PREPARED)
        # With the person's own settings for mail and keys; b4 shows the recipients again, and asks.
        if subprocess.run([str(B4), "send"], cwd=SOURCE, env=b4_environment()).returncode:
            raise Failure("b4 did not send")
        with SENT.open("a") as sent:
            sent.write(f"{version()}\n")
        verdict("send", True, f"{what}, and sent")


if __name__ == "__main__":
    main()
