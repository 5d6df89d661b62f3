"""Bugs that need a kernel of their own: what is done to the sources, and which tests have to report it.

A test is `kunit suite.test`, `compile program.rs`, `log text` for a complaint of the kernel, or `sample text` for what
goes wrong in the walk through the sample.
"""

from __future__ import annotations

from dataclasses import dataclass

PARTS = "rust/kernel/workqueue/"
BUILDER, OWNED_QUEUE, SCOPE, DISABLE = (f"{PARTS}{name}.rs" for name in ("builder", "owned_queue", "scope", "disable"))
TASK_WORK = "rust/kernel/task_work.rs"
MODULE = "rust/kernel/module.rs"
HANG = "log the kernel did not finish its tests"


@dataclass(frozen=True)
class Bug:
    name: str
    what: str
    catchers: list[tuple[str, str]]
    edits: tuple[tuple[str, str, str], ...]  # file, what is there, what is put in its place


BUGS: list[Bug] = []


def bug(name: str, what: str, catchers: list[str], *edits: tuple[str, str, str]) -> None:
    pairs = [(kind, text) for kind, _, text in (catcher.partition(" ") for catcher in catchers)]
    BUGS.append(Bug(name, what, pairs, edits))


bug(
    "knob-for-every-kind",
    "a flag that C ignores or rejects can be set",
    ["compile unbound_cpu_intensive.rs", "compile ordered_cpu_intensive.rs", "compile bh_cpu_intensive.rs"],
    (BUILDER, "impl<K: Managed> Builder<K> {", "impl<K: Kind> Builder<K> {"),
)
bug(
    "handle-forgets-the-timer",
    "the handle of a delayed item takes it for a plain one",
    [HANG],
    (DISABLE, "stop::<P, ID>(raw_work(item), P::Target::IS_DELAYED)", "stop::<P, ID>(raw_work(item), false)"),
)
bug(
    "scope-takes-any-lifetime",
    "a closure can borrow from inside its scope",
    ["compile scope_borrows_from_inside.rs"],
    (SCOPE, "        F: FnOnce() + Send + 'scope,", "        F: FnOnce() + Send,"),
)
bug(
    "scope-takes-any-closure",
    "a closure of a scope need not be Send",
    ["compile scope_not_send.rs"],
    (SCOPE, "        F: FnOnce() + Send + 'scope,", "        F: FnOnce() + 'scope,"),
)
bug(
    "lock-leaves-a-scope",
    "a scope returns a lock that its items take, which lockdep has to find out",
    ["log WARNING: possible circular locking dependency detected"],
    (
        f"{PARTS}tests/scope.rs",
        "        assert_eq!(*sum.lock(), 2);\n        // Nothing",
        "        drop(queue.scope(|scope| {\n            scope.try_spawn(GFP_KERNEL, || ())?;\n            Ok(sum.lock())\n"
        "        })?);\n        // Nothing",
    ),
)
bug(
    "mode-of-nmi",
    "a mode for NMIs has a name",
    ["compile task_work_nmi.rs"],
    (TASK_WORK, "    SignalNoIpi,\n}", "    SignalNoIpi,\n    /// For NMIs.\n    NmiCurrent,\n}"),
    (
        TASK_WORK,
        "            Self::Signal => ",
        "            Self::NmiCurrent => bindings::task_work_notify_mode_TWA_NMI_CURRENT,\n            Self::Signal => ",
    ),
)
bug(
    "boxed-task-work-is-shared",
    "an item that a task has got can be cancelled through a reference",
    ["compile task_work_cancel_boxed.rs"],
    (
        TASK_WORK,
        "    T: TaskWorkItem<ID, Pointer = Arc<T>>,\n    T: HasTaskWork<T, ID>,\n    Arc<T>: Send,",
        "    T: TaskWorkItem<ID>,\n    T: HasTaskWork<T, ID>,",
    ),
    (
        TASK_WORK,
        "pub fn cancel(&self, task: &Task) -> Option<Arc<T>> {",
        "pub fn cancel(&self, task: &Task) -> Option<T::Pointer> {",
    ),
)
bug(
    "module-is-not-pinned",
    "a module can be unloaded while a task has a pointer to its code",
    ["sample task work, unload: FAIL: unload while it is pending: 0"],
    (
        MODULE,
        "is null, or a reference has been taken.\n        Some(Self(module))\n",
        "is null, or a reference has been taken.\n        drop(Self(module));\n        Some(Self(core::ptr::null_mut()))\n",
    ),
)
bug(
    "module-stays-pinned",
    "the reference to the module is lost when the item has been executed",
    ["sample unload"],
    (TASK_WORK, "    unsafe { run(head) };\n\n    drop(module);", "    unsafe { run(head) };\n\n    core::mem::forget(module);"),
)
bug(
    "module-stays-pinned-by-cancelled",
    "the reference to the module is lost when the item is cancelled",
    ["sample unload: FAIL"],
    (
        TASK_WORK,
        "    drop(unsafe { (&raw const (*head.cast::<RawTaskWork>()).module).read() });",
        "    core::mem::forget(unsafe { (&raw const (*head.cast::<RawTaskWork>()).module).read() });",
    ),
)
bug(
    "coming-module-is-pinned",
    "a reference to a module keeps it although its init fails",
    ["sample the walk did not get to its end"],
    (MODULE, "            if !unsafe { is_live(module) } || !unsafe {", "            if !unsafe {"),
)
bug(
    "module-is-put-too-early",
    "the module can be unloaded while its code is executed",
    ["sample owner, a closure: FAIL: executed, with a reference: 0x101"],
    (TASK_WORK, "    unsafe { run(head) };\n\n    drop(module);", "    drop(module);\n\n    unsafe { run(head) };"),
)
bug(
    "closures-belong-to-the-kernel",
    "the owner of closures is the crate where they are spawned, not the module that has their code",
    ["sample owner, a closure: FAIL: references while it is pending: 0"],
    (
        "rust/kernel/lib.rs",
        "impl ModuleMetadata for LocalModule {",
        "unsafe impl module::CodeOwner for LocalModule {}\nimpl ModuleMetadata for LocalModule {",
    ),
    (TASK_WORK, "    type OwnerModule = M;\n", "    type OwnerModule = crate::LocalModule;\n"),
)
bug(
    "owner-of-any-type",
    "a type that is not that of a module can own closures and items",
    ["compile task_work_owner_of_crate.rs", "compile task_work_spawn_other_owner.rs", "compile module_ref_owner.rs"],
    (
        TASK_WORK,
        "    M: CodeOwner,\n    F: FnOnce() + Send + 'static,",
        "    M: ModuleMetadata + 'static,\n    F: FnOnce() + Send + 'static,",
    ),
    (
        TASK_WORK,
        "impl<F: FnOnce(), M: CodeOwner> TaskWorkItem for",
        "impl<F: FnOnce(), M: ModuleMetadata + 'static> TaskWorkItem for",
    ),
    (
        TASK_WORK,
        "    /// parameter, see [`CodeOwner`].\n    type OwnerModule: CodeOwner;",
        "    /// parameter, see [`CodeOwner`].\n    type OwnerModule: ModuleMetadata;",
    ),
    (
        TASK_WORK,
        "    #[doc(hidden)]\n    type OwnerModule: CodeOwner;",
        "    #[doc(hidden)]\n    type OwnerModule: ModuleMetadata;",
    ),
    (TASK_WORK, "        CodeOwner,\n", "        CodeOwner,\n        ModuleMetadata,\n"),
    (MODULE, "pub fn try_get<M: CodeOwner>()", "pub fn try_get<M: ModuleMetadata>()"),
)
bug(
    "task-work-of-any-pointer",
    "an item that is not Send or borrows is given to a task",
    ["compile task_work_not_send.rs", "compile task_work_not_sync.rs", "compile task_work_borrows.rs"],
    (TASK_WORK, "    W: TaskWorkPointer<ID> + Send + 'static,", "    W: TaskWorkPointer<ID>,"),
)
bug(
    "task-work-of-any-closure",
    "a closure that is not Send or borrows is given to a task",
    ["compile task_work_spawn_not_send.rs", "compile task_work_spawn_borrows.rs"],
    (TASK_WORK, "    W: TaskWorkPointer<ID> + Send + 'static,", "    W: TaskWorkPointer<ID>,"),
    (TASK_WORK, "    F: FnOnce() + Send + 'static,", "    F: FnOnce(),"),
)
bug(
    "stopped-item-leaks",
    "the pointer to an item that is stopped is lost",
    ["kunit rust_workqueue_handle.drop_takes_item_back_for_good"],
    (
        DISABLE,
        "    // when the item was disabled.\n    queued.then(|| unsafe { reclaim(work) })",
        "    // when the item was disabled.\n    queued.then(|| unsafe { reclaim(work) }).map(|p: P| { core::mem::forget(p.clone()); p })",
    ),
)
bug(
    "closure-does-not-keep-its-module",
    "a module can be unloaded while one of its closures has not been executed",
    ["sample kept by a closure: FAIL"],
    (f"{PARTS}kept_closure.rs", "    let module = unsafe { (&raw const (*header).module).read() };\n",
     "    drop(unsafe { (&raw const (*header).module).read() });\n    let module = ();\n"),
)
bug(
    "item-does-not-keep-its-module",
    "a module can be unloaded while the item is running that has dropped its queue",
    ["sample kept by an item that drops the owner of its queue: FAIL"],
    (OWNED_QUEUE, "unsafe { *private.kept.get() = ModuleRef::of_code(code) };", "let _ = (code, ModuleRef::of_code);"),
)
