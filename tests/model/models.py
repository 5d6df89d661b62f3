"""The models, what is searched, and what must be found.

Names in capitals are options of the model, see its comment. LIVE: it ends, if every process that can go on does so.
A mutation is a configuration with one more option, and what must be found then: the meaning of an error, or
nothing, where a step has turned out to be needless.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent

# What an error means, by the words of the assertion.
DEADLOCK, ENDLESS = "deadlock", "does not end"
EVERYWHERE = ((r"^invalid end state$", DEADLOCK), (r"^acceptance cycle$", ENDLESS))


@dataclass(frozen=True)
class Mutation:
    option: str
    configuration: str
    expected: str  # empty: the step is not needed in this configuration


@dataclass(frozen=True)
class Model:
    name: str
    configurations: dict[str, str]
    mutations: dict[str, Mutation]
    words: tuple[tuple[str, str], ...]

    @property
    def file(self) -> Path:
        return HERE / f"{self.name}.pml"

    def meaning(self, words: str) -> str:
        """Of an assertion, without spaces, or another error. As it stands, if it is none of these."""
        return next((meaning for pattern, meaning in (*EVERYWHERE, *self.words) if words and re.search(pattern, words)), words)


GONE, ITEM, BLOCK, LEFT, LIST, LEAK, STOLEN = (
    "a destroyed workqueue is used", "a freed item is used", "a freed block is used", "armed or queued after the end",
    "the list is broken", "a reference is lost", "takes from another queue")

TEARDOWN = Model("teardown", {
    "enqueue": "ENQ=2 CANCEL=1",
    "enqueue-flush": "ENQ=2 CANCEL=1 FLUSH=1",
    "mod": "ENQ=1 MOD=1 CANCEL=1",
    "mod-flush": "ARMED MOD=1 FLUSH=1 HANDLE=1",
    "handle": "ENQ=1 HANDLE=1 CANCEL=1",
    "idle": "IDLE ENQ=1 HANDLE=1 CANCEL=1",
    "no-delay": "ENQ=1 NOW=1 ZERO CANCEL=1",
    "unregistered": "NOW=1 SYS=1 HANDLE=1 FLUSH=1",
    "two-queues": "ENQ=1 ENQ2=1 OTHER",
    "two-queues-mod": "ARMED MOD2=1 OTHER CANCEL=1",
    "system": "ENQ=1 SYS=1 SYSMOD=1",
    "system-flush": "ARMED SYSMOD=1 MOD=1 FLUSH=1",
    "system-now": "ARMED SYSNOW=1 HANDLE=1 CANCEL=1",
    "rearm": "ARMED REARM CANCEL=1 FLUSH=1 HANDLE=1",
    "rearm-mod": "ARMED REARM MOD=1 CANCEL=1",
    "rearm-two": "ITEMS=2 ENQ=2 REARM",
    "reference-first": "ARMED REARM REFERENCE_FIRST HANDLE=1 CANCEL=1",
    "boxed": "ENQ=1 REARM",
    "ordered": "ITEMS=2 ARMED ORDERED CANCEL=1",
    "chain": "ITEMS=2 ARMED CHAIN REARM",
    "shutdown": "ENQ=1 MOD=1 SHUTDOWN=1 BORROWED",
    "shutdown-twice": "ENQ=1 MOD=1 SHUTDOWN=2 BORROWED",
    "shutdown-handle": "ITEMS=2 ARMED HANDLE=2 SHUTDOWN=1",
    "only-delayed": "ARMED MOD=1 HANDLE=1 CANCEL=1 SEMANTIC",
    "ends": "LIVE ARMED REARM ALWAYS",
    "ends-mod": "LIVE ARMED REARM ALWAYS MOD=1",
    "ends-flush": "LIVE ENQ=1 FLUSH=1 REARM ALWAYS",
}, {
    "no-gp1": Mutation("NO_GP1", "enqueue", GONE),
    "gp1-before-closing": Mutation("GP1_LATE", "enqueue", GONE),
    "shutdown-skips-gp1": Mutation("SHUTDOWN_SKIPS_GP1", "shutdown", LEFT),
    "no-gp2": Mutation("NO_GP2", "handle", BLOCK),
    "gp2-if-this-walk-found": Mutation("GP2_IF_FOUND", "shutdown-handle", BLOCK),
    "walk-before-closing": Mutation("WALK_FIRST", "enqueue", LEFT),
    "walk-before-gp1": Mutation("WALK_EARLY", "enqueue", LEFT),
    "never-closing": Mutation("NEVER_CLOSING", "ends", LEFT),
    "no-pwq-test-ends": Mutation("LIVE NO_PWQ_TEST", "ordered", ENDLESS),
    "destroy-before-walk": Mutation("DESTROY_FIRST", "mod-flush", GONE),
    "in-flight-skipped": Mutation("IN_FLIGHT_SKIPPED", "mod-flush", GONE),
    "no-pwq-test": Mutation("NO_PWQ_TEST", "ordered", DEADLOCK),
    "walk-unlocked": Mutation("WALK_UNLOCKED", "handle", LIST),
    "owner-kept": Mutation("OWNER_KEPT", "handle", LIST),
    "owner-before-unlink": Mutation("OWNER_FIRST", "handle", ITEM),
    "release-none": Mutation("RELEASE_NONE", "mod-flush", LEAK),
    "release-twice": Mutation("RELEASE_TWICE", "mod-flush", ITEM),
    "release-locked": Mutation("RELEASE_LOCKED", "chain", DEADLOCK),
    "drop-keeps-link": Mutation("DROP_KEEPS_LINK", "handle", ITEM),
    "drop-no-recheck": Mutation("DROP_NO_RECHECK", "handle", LIST),
    "drop-outside-rcu": Mutation("DROP_OUTSIDE_RCU", "handle", BLOCK),
    "check-outside-rcu": Mutation("CHECK_OUTSIDE_RCU", "enqueue", GONE),
    "early-unlock": Mutation("EARLY_UNLOCK", "enqueue", GONE),
    "register-late": Mutation("REGISTER_LATE", "enqueue", ITEM),
    "register-no-recheck": Mutation("NO_RECHECK", "enqueue", LIST),
    "no-cmpxchg": Mutation("NO_CMPXCHG", "two-queues", ITEM),
    "other-not-refused": Mutation("NOT_REFUSED", "two-queues", LEFT),
    "stolen": Mutation("SEMANTIC", "system", STOLEN),
    "stolen-now": Mutation("SEMANTIC", "system-now", STOLEN),
    "stolen-not-compared": Mutation("SEMANTIC WQ_NOT_COMPARED", "system", STOLEN),
    # With timer_delete() instead of cancel_delayed_work() the walk takes nothing from another queue.
    "timer-only": Mutation("SEMANTIC TIMER_ONLY", "system", ""),
    "timer-only-now": Mutation("SEMANTIC TIMER_ONLY", "system-now", ""),
    "timer-only-flush": Mutation("SEMANTIC TIMER_ONLY", "mod-flush", ""),
    # What is not needed, and where.
    "no-cmpxchg-one-queue": Mutation("NO_CMPXCHG", "enqueue", ""),
    "gp2-if-any-walk-found": Mutation("GP2_IF_UNLINKED", "shutdown-handle", ""),
    "wq-not-compared": Mutation("WQ_NOT_COMPARED", "system", ""),
    "wq-not-compared-flush": Mutation("WQ_NOT_COMPARED", "system-flush", ""),
    "system-unchecked": Mutation("SYSTEM_UNCHECKED", "system", ""),
    "no-gp2-without-droppers": Mutation("NO_GP2", "boxed", ""),
}, (
    (r"given", LEAK), (r"\.gone", GONE), (r"^!\(item\[.*\]\.freed\)$", ITEM), (r"^!\(block\[.*\]\.freed\)$", BLOCK),
    (r"armed", LEFT), (r"\.list", LIST), (r"from", STOLEN),
))

EARLY, STOPPED, UNLOADED = "returns while a closure is left", "runs after the shutdown", "code of an unloaded module"

SCOPE = Model("scope", {
    "plain": "SPAWNS=2 CLOSURES=3",
    "shutdown": "SPAWNS=2 CLOSURES=3 SHUTDOWN",
    "ends": "LIVE SPAWNS=2 CLOSURES=3",
}, {
    "set-before-enqueued": Mutation("SET_FIRST", "plain", EARLY),
    "flushed-once": Mutation("FLUSH_ONCE", "plain", EARLY),
    "reset-after-flush": Mutation("RESET_LATE", "plain", EARLY),
    "error-returns": Mutation("ERROR_RETURNS", "plain", EARLY),
    "check-outside-rcu": Mutation("CHECK_OUTSIDE_RCU", "shutdown", STOPPED),
}, (
    (r"over", EARLY), (r"closure", EARLY), (r"stopped", STOPPED),
))

ACCESS, MODULE, FLAG, REQUEST, TWICE = (
    "two have the access", "the reference to the module is not there", "still pending", "a request is lost",
    "executed or cancelled too often")

TASK_WORK = Model("task_work", {
    "two-tasks": "ADDERS=2 CANCELLERS=1",
    "two-cancel": "ADDERS=1 CANCELLERS=2",
    "again": "ADDERS=1 CANCELLERS=1 AGAIN",
    "ends": "LIVE ADDERS=1 CANCELLERS=1",
}, {
    "no-flag": Mutation("NO_FLAG", "two-tasks", ACCESS),
    "flag-cleared-after-run": Mutation("FLAG_LATE", "two-tasks", REQUEST),
    "module-read-after-run": Mutation("MODULE_READ_LATE", "two-tasks", MODULE),
    "module-put-before-run": Mutation("PUT_FIRST", "two-tasks", UNLOADED),
    "execute-in-module": Mutation("EXECUTE_IN_MODULE", "two-tasks", UNLOADED),
    "failed-end-first": Mutation("FAILED_END_FIRST", "two-tasks", ACCESS),
    "failed-keeps-module": Mutation("FAILED_KEEPS_MODULE", "two-tasks", DEADLOCK),
    "failed-keeps-flag": Mutation("FAILED_KEEPS_FLAG", "two-tasks", FLAG),
    "exited-unseen": Mutation("EXITED_UNSEEN", "two-tasks", DEADLOCK),
    "cancel-if-pending": Mutation("CANCEL_IF_PENDING", "two-tasks", MODULE),
    "cancel-takes-what-is-taken": Mutation("CANCEL_TAKES_TAKEN", "two-tasks", ACCESS),
    "cancel-end-first": Mutation("CANCEL_END_FIRST", "two-tasks", ACCESS),
    "cancel-keeps-module": Mutation("CANCEL_KEEPS_MODULE", "two-tasks", DEADLOCK),
    "cancel-keeps-flag": Mutation("CANCEL_KEEPS_FLAG", "two-tasks", FLAG),
}, (
    (r"gone", UNLOADED), (r"access", ACCESS), (r"raw_module", MODULE), (r"pending", FLAG), (r"requests", REQUEST),
    (r"executed", TWICE), (r"freed|refs", ITEM),
))

NOT_KEPT = "a reference that does not keep the module"

MODULE_PIN = Model("module_pin", {
    "closures": "CALLERS=2 CLOSURES=2",
    "failed-init": "CALLERS=2 CLOSURES=2 STRAGGLER",
    "queue": "CALLERS=1 CLOSURES=1 QUEUE",
    "kept-item": "CALLERS=1 CLOSURES=1 QUEUE KEPT_ITEM",
    "ends": "LIVE CALLERS=1 CLOSURES=2",
    "queue-ends": "LIVE CALLERS=1 CLOSURES=1 QUEUE",
}, {
    "never-taken": Mutation("NEVER_TAKEN", "closures", UNLOADED),
    "taken-when-coming": Mutation("COMING_TAKEN", "closures", UNLOADED),
    "taken-at-zero": Mutation("ZERO_TAKEN", "closures", UNLOADED),
    "put-before-call": Mutation("PUT_FIRST", "closures", UNLOADED),
    "put-in-module": Mutation("PUT_IN_MODULE", "closures", UNLOADED),
    "refused-keeps": Mutation("REFUSED_KEEPS", "closures", DEADLOCK),
    "queue-not-kept": Mutation("QUEUE_NOT_KEPT", "queue", UNLOADED),
    "queue-put-first": Mutation("KEPT_PUT_FIRST", "queue", UNLOADED),
    "code-of-execute": Mutation("CODE_OF_EXECUTE", "kept-item", UNLOADED),
    # What the documentation of OwnedQueue excludes: the item had better not have the owner.
    "limit-unbound-by-exit": Mutation("UNBOUND_BY_EXIT", "queue", UNLOADED),
    "limit-unload-early": Mutation("UNLOAD_EARLY", "queue", UNLOADED),
    # After a failing init() the module is neither coming nor going while it is being freed.
    "only-coming-refused": Mutation("ONLY_COMING_REFUSED", "failed-init", NOT_KEPT),
    "taken-when-going": Mutation("NOT_LIVE_TAKEN", "closures", ""),
}, (
    (r"state", UNLOADED), (r"failed", NOT_KEPT),
))

DATA, ENABLED, AFTER = "dropped data is used", "enabled too often", "something of it is left after the drop"

SCOPED_WORK = Model("scoped_work", {
    "unbound": "USERS=2 CALLS=2",
    "ordered": "USERS=2 CALLS=2 ORDERED",
    "closes": "USERS=1 CALLS=2 CLOSES",
    "ordered-closes": "USERS=1 CALLS=2 CLOSES ORDERED",
    "ends": "LIVE USERS=1 CALLS=2",
    "ordered-ends": "LIVE USERS=1 CALLS=2 ORDERED",
}, {
    "not-disabled": Mutation("NOT_DISABLED", "unbound", AFTER),
    "not-flushed": Mutation("NOT_FLUSHED", "unbound", AFTER),
    "flushed-first": Mutation("FLUSH_FIRST", "unbound", AFTER),
    "former-pool-forgotten": Mutation("FORMER_POOL_FORGOTTEN", "ordered", AFTER),
    "data-first": Mutation("DATA_FIRST", "unbound", DATA),
    "enable-uncounted": Mutation("ENABLE_UNCOUNTED", "unbound", AFTER),
    "counted-first": Mutation("COUNT_FIRST", "unbound", ENABLED),
    "enabled-first": Mutation("ENABLE_FIRST", "unbound", ENABLED),
    "list-kept": Mutation("LIST_KEPT", "closes", ITEM),
}, (
    (r"armed|linked", AFTER), (r"data_dropped", DATA), (r"disable>0", ENABLED), (r"freed", ITEM), (r"gone", GONE),
))

MODELS = {model.name: model for model in (TEARDOWN, SCOPE, TASK_WORK, MODULE_PIN, SCOPED_WORK)}
