#!/usr/bin/env python3
"""Proves that the checks of the ports can fail: each of these changes to a port must be noticed.

Builds and boots one module per change, in user mode Linux, on the kernel of `make drivers`.
"""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib import boot
from lib.common import BUILD, Failure, lock, paint, parser, rel, reporting, say, step, verdict
from lib.kernel import SERIES
from tests.drivers.run import HERE, PORTS, What, uml_root
from tree import ensure_tree

# A module that has not stopped its items, and is gone, may hang the kernel.
LIMIT = 60
COPY = BUILD / "drivers-mutations"
LOG = SERIES.log("mutation")


@dataclass(frozen=True)
class Mutation:
    file: str
    what: str
    old: str
    new: str
    also: tuple[str, str] | None = None  # what the types want

    @property
    def port(self) -> str:
        return Path(self.file).parts[0]


MUTATIONS = (
    Mutation("tyr_reset/tyr_reset.rs", "a second request enqueues a second reset",
             "            Err(_) => Ok(()),\n        }\n    }\n\n    pub(crate) fn is_operational",
             "            Err(_) => { let queue = &self.queue; let registers = self.registers.clone();\n"
             "                queue.try_spawn(GFP_KERNEL, move || if let Some(r) = registers.try_access() {\n"
             "                    r.write(Command::SoftReset) })?; Ok(()) }\n        }\n    }\n\n"
             "    pub(crate) fn is_operational"),
    Mutation("tyr_reset/tyr_reset.rs", "the queue is not ordered", "Queue::new_ordered()", "Queue::new_unbound()"),
    Mutation("tyr_reset/tyr_reset.rs", "a GPU that does not come back is used again",
             "Err(_) => state::UNUSABLE", "Err(_) => state::OPERATIONAL"),
    Mutation("tyr_reset/tyr_reset.rs", "firmware that was stuck is not loaded again", "if !halted {", "if false && !halted {"),
    Mutation("tyr_reset/scenario.rs", "the device is not unbound", "    drop(registration);\n    checks.that(",
             "    core::mem::forget(registration);\n    checks.that("),
    Mutation("vino/vino.rs", "frames are drawn once",
             "        let _ = system_percpu().enqueue_delayed::<_, FRAME>(this, FRAME_PERIOD);\n", ""),
    Mutation("vino/vino.rs", "an error does not enqueue the recovery", "if sent.is_err() {", "if sent.is_err() && false {"),
    Mutation("vino/vino.rs", "the last chunk of a frame is not encoded",
             "in chunks.zip(outputs)", "in chunks.zip(outputs).take(SIZE / CHUNK - 1)"),
    Mutation("vino/scenario.rs", "an item is not stopped", "Keepalive => keepalive = None",
             "Keepalive => core::mem::forget(keepalive.take())"),
    Mutation("vino/scenario.rs", "an item that others enqueue is not stopped", "Encode => encode = None",
             "Encode => core::mem::forget(encode.take())"),
    Mutation("m3_thermal/m3_thermal.rs", "the loop does not go on", "        let _ = this.enqueue_delayed(PERIOD);\n", ""),
    Mutation("m3_thermal/m3_thermal.rs", "it goes on too early", "this.enqueue_delayed(PERIOD)",
             "this.enqueue_delayed(Delta::from_millis(100))"),
    Mutation("m3_thermal/m3_thermal.rs", "it is not stopped on suspend", "        self.control.disable_sync();\n", ""),
    Mutation("m3_thermal/m3_thermal.rs", "it is not started on resume", "        self.control.enqueue()\n    }\n}",
             "        Ok(())\n    }\n}"),
    Mutation("m3_thermal/scenario.rs", "it is not stopped when the device is unbound", "    drop(registration);\n",
             "    core::mem::forget(registration);\n"),
    Mutation("m3_thermal/m3_thermal.rs", "the fans are given back too early",
             "fans: Fans::take(smc),",
             "fans: { drop(Fans::take(smc.clone())); core::mem::ManuallyDrop::new(Fans::take(smc)) },",
             ("    fans: Fans,", "    fans: core::mem::ManuallyDrop<Fans>,")),
    Mutation("uart/uart.rs", "interrupts do not put off the time-out", "self.receiver.mod_delayed(delay).map(drop)",
             "{ let _ = self.receiver.enqueue_delayed(delay); Ok(()) }"),
    Mutation("uart/uart.rs", "there is no time-out", "if half_full { Delta::ZERO } else { IDLE }",
             "if half_full { IDLE } else { Delta::ZERO }"),
    Mutation("uart/uart.rs", "the item is not disabled on suspend",
             "self.receiver.disable_sync()", "self.receiver.cancel_sync()"),
    Mutation("uart/uart.rs", "what has come during suspend is left", "        // What has come meanwhile.\n"
             "        self.receiver.mod_delayed(Delta::ZERO).map(drop)\n", "        Ok(())\n"),
    Mutation("uart/scenario.rs", "it is not stopped when the device is unbound", "    drop(registration);\n",
             "    core::mem::forget(registration);\n"),
    Mutation("sfp/sfp.rs", "the poll does not go on",
             "            Self::schedule_poll(&this, POLL_INTERVAL);\n        }\n    }\n}\n\nimpl WorkItem<TIMEOUT>",
             "        }\n    }\n}\n\nimpl WorkItem<TIMEOUT>"),
    Mutation("sfp/sfp.rs", "a module is started too early",
             "Link::Wait, Some(T_WAIT)", "Link::Wait, Some(Delta::from_millis(1))"),
    Mutation("sfp/sfp.rs", "a transition is missing: light after darkness",
             "            Link::WaitLos if self.los_ends(event) => self.link_up(),\n", ""),
    Mutation("sfp/sfp.rs", "a fault is not given its time", "self.link_next(next, Some(T_FAULT_RECOVER));",
             "self.link_next(next, Some(Delta::from_millis(100)));"),
    Mutation("sfp/sfp.rs", "the poll is not stopped", "_poll: WorkHandle<Arc<Sfp>, POLL>,\n    _timeout",
             "_poll: core::mem::ManuallyDrop<WorkHandle<Arc<Sfp>, POLL>>,\n    _timeout",
             ("_poll: WorkHandle::new(sfp.clone())", "_poll: core::mem::ManuallyDrop::new(WorkHandle::new(sfp.clone()))")),
    Mutation("sfp/sfp.rs", "the time-out is not moved by a new state",
             "            drop(self.sfp.timeout.cancel());\n", "            ();\n"),
)


def copy(mutation: Mutation) -> Path:
    """A copy of the sources, with the change."""
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(HERE, COPY, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = COPY / mutation.file
    text = path.read_text()
    for old, new in filter(None, ((mutation.old, mutation.new), mutation.also)):
        if (count := text.count(old)) != 1:
            raise Failure(f"{mutation.file}: what is to be changed ({mutation.what}) is there {count} times")
        text = text.replace(old, new)
    path.write_text(f"#![allow(warnings)]\n{text}" if path.stem == mutation.port else text)
    return COPY


def noticed(mutation: Mutation) -> str:
    """What the module says about the change: nothing, if it does not notice it."""
    root = uml_root(SERIES, What((mutation.port,), 1, copy(mutation)))
    text, _ = boot.uml(SERIES, root, boot.OPTIONS, LOG, LIMIT)
    failed = re.search(rf" {mutation.port}: FAILED (.*)$", text, re.M)
    return failed[1].strip() if failed else ""


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--port", choices=PORTS, help="the changes to this port only")
    port = arguments.parse_args().port
    with reporting("drivers-mutations"), lock("uml"):
        ensure_tree()
        with step("UML kernel"):
            SERIES.build()
        every(port)


def every(port: str | None) -> None:
    missed, count = 0, 0
    for mutation in MUTATIONS:
        if port not in (None, mutation.port):
            continue
        count += 1
        if words := noticed(mutation):
            say(f"    {mutation.port}: {mutation.what}: {words}")
        else:
            missed += 1
            say(paint(f"    {mutation.port}: {mutation.what}: not noticed; the log: {rel(LOG)}", "31"))
            shutil.copy(LOG, SERIES.log(f"mutation-{mutation.port}-{count}"))
    verdict("drivers-mutations", not missed, f"{count - missed} passed, {missed} failed")


if __name__ == "__main__":
    main()
