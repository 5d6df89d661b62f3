"""The bugs: what is done to the sources, and which tests have to report it.

A test is `kunit suite.test`, `compile program.rs`, `log text` for a complaint in the log of the UML
kernel, `smp text` for one of the SMP kernel, or `sample text` for what goes wrong in the walk
through the sample.
"""

from __future__ import annotations

from dataclasses import dataclass

W, R = "rust/kernel/workqueue.rs", "rust/kernel/workqueue/"
B, O, L, C, X, P = (f"{R}{name}.rs" for name in ("builder", "owned_queue", "delayed_item", "cancel", "disable", "scope"))
K, H = "kernel/workqueue.c", "rust/helpers/workqueue.c"
T = "rust/kernel/task_work.rs"
I = "rust/kernel/module.rs"
S = "rust_workqueue."
Q, CS, XS, N, M, D, E, Z = (
    f"rust_workqueue_{name}."
    for name in ("owned_queue", "cancel", "disable", "handle", "mod_delayed", "delayed", "scope", "teardown")
)
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
    (B, "impl<K: Managed> Builder<K> {", "impl<K: Kind> Builder<K> {"),
)
bug(
    "long-name",
    "a name that C cuts is accepted",
    [f"kunit {Q}bad_name_is_refused", "log name exceeds WQ_NAME_LEN"],
    (B, "name.is_empty() || name.count_bytes() >= bindings::wq_consts_WQ_NAME_LEN as usize", "name.is_empty()"),
)
bug(
    "name-is-format",
    "a % in a name is taken for a format",
    [f"kunit {Q}name_is_used_as_it_stands"],
    (H, 'alloc_workqueue("%s", flags, max_active, name)', "alloc_workqueue(name, flags, max_active)"),
)
bug(
    "refused-item-leaks",
    "an item that is queued already is not handed back but leaked",
    [f"kunit {S}enqueue_hands_back_item_that_is_queued"],
    (
        W,
        "            // SAFETY: The work queue has not taken ownership of the pointer.\n            Err(unsafe { Arc::from_raw(ptr) })",
        "            // SAFETY: A bug.\n            Err(unsafe { core::mem::ManuallyDrop::new(Arc::from_raw(ptr)).deref().clone() })",
    ),
    (W, "use core::{\n    marker::PhantomData,", "use core::{\n    ops::Deref,\n    marker::PhantomData,"),
)
bug(
    "deprecated-queue",
    "system() leads to the deprecated queue",
    [f"kunit {S}system_queues_execute", "log enqueued on deprecated workqueue"],
    (
        W,
        "pub fn system() -> &'static Queue {\n    system_percpu()",
        "pub fn system() -> &'static Queue {\n    // SAFETY: A bug.\n    unsafe { Queue::from_raw(bindings::system_wq) }",
    ),
)

bug(
    "cancel-does-not-wait",
    "cancel_sync does not wait for an item that is running",
    [f"kunit {CS}cancel_sync_waits_for_running_item"],
    (C, "if unsafe { bindings::cancel_work_sync(ptr) } {", "if unsafe { bindings::cancel_work(ptr) } {"),
)
bug(
    "handle-forgets-the-timer",
    "the handle of a delayed item takes it for a plain one",
    [HANG],
    (W, "const IS_DELAYED: bool = true;", "const IS_DELAYED: bool = false;"),
)
bug(
    "mod-hides-disabled",
    "C does not say that an item is disabled",
    [f"kunit {M}disabled_item_is_handed_back"],
    (K, "		ret = -EPERM;\n", "		ret = 0;\n"),
)
bug(
    "scope-does-not-wait",
    "a scope ends before its closures",
    [f"kunit {E}scope_waits_in_case_of_an_error"],
    (P, "        data.wait();\n        result\n", "        let _ = ScopeData::wait;\n        result\n"),
)
bug(
    "scope-takes-any-lifetime",
    "a closure can borrow from inside its scope",
    ["compile scope_borrows_from_inside.rs"],
    (P, "        F: FnOnce() + Send + 'scope,", "        F: FnOnce() + Send,"),
)
bug(
    "scope-takes-any-closure",
    "a closure of a scope need not be Send",
    ["compile scope_not_send.rs"],
    (P, "        F: FnOnce() + Send + 'scope,", "        F: FnOnce() + 'scope,"),
)
bug(
    "lock-leaves-a-scope",
    "a scope returns a lock that its items take, which lockdep has to find out",
    ["smp WARNING: possible circular locking dependency detected"],
    (
        f"{R}tests/scope.rs",
        "        assert_eq!(*sum.lock(), 2);\n        // Nothing",
        "        drop(queue.scope(|_| Ok(sum.lock()))?);\n        // Nothing",
    ),
)
bug(
    "kernel-thread-is-accepted",
    "what never returns to user mode gets task work",
    ["kunit rust_task_work.kernel_thread_is_refused"],
    (T, "    flags & bindings::PF_KTHREAD != 0", "    flags & bindings::PF_KTHREAD == u32::MAX"),
)
bug(
    "add-makes-its-error-up",
    "whatever C says is wrong, add() says the same",
    ["kunit rust_task_work.exited_task_is_refused"],
    (
        T,
        "to_result(unsafe { bindings::task_work_add(task, head, mode.as_raw()) });",
        "to_result(unsafe { bindings::task_work_add(task, head, mode.as_raw()) }).map_err(|_| EINVAL);",
    ),
)
bug(
    "mode-of-nmi",
    "a mode for NMIs has a name",
    ["compile task_work_nmi.rs"],
    (T, "    SignalNoIpi,\n}", "    SignalNoIpi,\n    /// For NMIs.\n    NmiCurrent,\n}"),
    (
        T,
        "            Self::Signal => ",
        "            Self::NmiCurrent => bindings::task_work_notify_mode_TWA_NMI_CURRENT,\n            Self::Signal => ",
    ),
)
bug(
    "signal-does-not-interrupt",
    "a mode is taken for another",
    ["kunit rust_task_work.only_signal_interrupts_a_sleeper"],
    (
        T,
        "Self::Signal => bindings::task_work_notify_mode_TWA_SIGNAL,",
        "Self::Signal => bindings::task_work_notify_mode_TWA_RESUME,",
    ),
)
bug(
    "pending-item-is-accepted",
    "an item gets into the lists of two tasks",
    ["kunit rust_task_work.pending_item_is_refused"],
    (T, ".xchg(true, Full) {", ".xchg(true, Full) && false {"),
)
bug(
    "boxed-task-work-is-shared",
    "an item that a task has got can be cancelled through a reference",
    ["compile task_work_cancel_boxed.rs"],
    (T, "    T: TaskWorkItem<ID, Pointer = Arc<T>>,\n    T: HasTaskWork<T, ID>,\n    Arc<T>: Send,", "    T: TaskWorkItem<ID>,\n    T: HasTaskWork<T, ID>,"),
    (T, "pub fn cancel(&self, task: &Task) -> Option<Arc<T>> {", "pub fn cancel(&self, task: &Task) -> Option<T::Pointer> {"),
)
bug(
    "cancelled-task-work-leaks",
    "the reference of a cancelled item is lost",
    ["kunit rust_task_work.cancel_takes_the_item_back"],
    (T, "        Some(unsafe { T::Pointer::end(head) })", "        let _ = core::mem::ManuallyDrop::new(unsafe { T::Pointer::end(head) });\n        None"),
)
bug(
    "module-is-not-pinned",
    "a module can be unloaded while a task has a pointer to its code",
    ["sample task work, unload: FAIL: unload while it is pending: 0"],
    (I, "        Some(ModuleRef(self.0))\n", "        drop(ModuleRef(self.0));\n        Some(ModuleRef(core::ptr::null_mut()))\n"),
)
bug(
    "module-stays-pinned",
    "the reference to the module is lost when the item has been executed",
    ["sample unload"],
    (T, "    unsafe { run(head) };\n\n    drop(module);", "    unsafe { run(head) };\n\n    core::mem::forget(module);"),
)
bug(
    "module-stays-pinned-by-cancelled",
    "the reference to the module is lost when the item is cancelled",
    ["sample unload: FAIL"],
    (
        T,
        "    drop(unsafe { (&raw const (*head.cast::<RawTaskWork>()).module).read() });",
        "    core::mem::forget(unsafe { (&raw const (*head.cast::<RawTaskWork>()).module).read() });",
    ),
)
bug(
    "coming-module-is-pinned",
    "a reference to a module keeps it although its init fails",
    ["sample the walk did not get to its end"],
    (I, "            if self.is_coming() {", "            if false && self.is_coming() {"),
)
bug(
    "module-is-put-too-early",
    "the module can be unloaded while its code is executed",
    ["sample owner, a closure: FAIL: executed, with a reference: 0x101"],
    (T, "    unsafe { run(head) };\n\n    drop(module);", "    drop(module);\n\n    unsafe { run(head) };"),
)
bug(
    "closures-belong-to-the-kernel",
    "the owner of closures is the crate where they are spawned, not the module that has their code",
    ["sample owner, a closure: FAIL: references while it is pending: 0"],
    ("rust/kernel/lib.rs", "impl ModuleMetadata for LocalModule {", "unsafe impl module::CodeOwner for LocalModule {}\nimpl ModuleMetadata for LocalModule {"),
    (T, "    type OwnerModule = M;\n", "    type OwnerModule = crate::LocalModule;\n"),
)
bug(
    "owner-of-any-type",
    "a type that is not that of a module can own closures and items",
    ["compile task_work_owner_of_crate.rs", "compile task_work_spawn_other_owner.rs"],
    (T, "    M: CodeOwner,\n    F: FnOnce() + Send + 'static,", "    M: ModuleMetadata + 'static,\n    F: FnOnce() + Send + 'static,"),
    (T, "impl<F: FnOnce(), M: CodeOwner> TaskWorkItem for", "impl<F: FnOnce(), M: ModuleMetadata + 'static> TaskWorkItem for"),
    (T, "    /// parameter, see [`CodeOwner`].\n    type OwnerModule: CodeOwner;", "    /// parameter, see [`CodeOwner`].\n    type OwnerModule: ModuleMetadata;"),
    (T, "    #[doc(hidden)]\n    type OwnerModule: CodeOwner;", "    #[doc(hidden)]\n    type OwnerModule: ModuleMetadata;"),
    (T, "        CodeOwner,\n", "        CodeOwner,\n        ModuleMetadata,\n"),
)
bug(
    "task-work-of-any-pointer",
    "an item that is not Send or borrows is given to a task",
    ["compile task_work_not_send.rs", "compile task_work_not_sync.rs", "compile task_work_borrows.rs"],
    (T, "    W: TaskWorkPointer<ID> + Send + 'static,", "    W: TaskWorkPointer<ID>,"),
)
bug(
    "task-work-of-any-closure",
    "a closure that is not Send or borrows is given to a task",
    ["compile task_work_spawn_not_send.rs", "compile task_work_spawn_borrows.rs"],
    (T, "    W: TaskWorkPointer<ID> + Send + 'static,", "    W: TaskWorkPointer<ID>,"),
    (T, "    F: FnOnce() + Send + 'static,", "    F: FnOnce(),"),
)
bug(
    "ordered-is-only-unbound",
    "an ordered queue executes items side by side",
    [f"kunit {Q}kinds_have_the_flags_of_c", f"kunit {Q}ordered_queue_keeps_order"],
    (B, "Builder::new(bindings::wq_flags_WQ_UNBOUND | bindings::wq_flags___WQ_ORDERED)", "Builder::new(bindings::wq_flags_WQ_UNBOUND)"),
)
bug(
    "max-active-unchecked",
    "a max_active that C would change is accepted",
    [f"kunit {Q}max_active_out_of_range_is_refused"],
    (B, "if !(1..=bindings::wq_consts_WQ_MAX_ACTIVE).contains(&max) =>", "if max == u32::MAX =>"),
)
bug(
    "max-active-lost",
    "C gets its default instead of the max_active that was asked for",
    [f"kunit {Q}max_active_limits_concurrency"],
    (B, "            Some(max) => max,\n", "            Some(_) => 0,\n"),
)
bug(
    "queue-not-destroyed",
    "dropping a queue does not wait",
    [f"kunit {Q}drop_executes_what_is_queued"],
    (O, "unsafe { bindings::destroy_workqueue(private.raw) };", "let _ = private.raw;"),
)
bug(
    "flush-does-nothing",
    "flushing a queue does not wait",
    [f"kunit {Q}flush_waits"],
    (O, "unsafe { bindings::__flush_workqueue(self.as_raw()) };", "let _ = self.as_raw();"),
)
bug(
    "destroy-forgets-delayed",
    "a queue is destroyed while timers refer to it",
    [f"kunit {D}drop_drops_what_is_delayed"],
    (O, "        unsafe { private.cancel_delayed() };\n        // Items that", "        // Items that"),
)
bug(
    "shutdown-forgets-delayed",
    "a queue that has been shut down executes what is delayed",
    [f"kunit {Z}shutdown_ends_an_item_beside_its_queue", f"kunit {Z}queue_refuses_for_ever_after_shutdown"],
    (O, "        unsafe { private.cancel_delayed() };\n        // Nothing is", "        // Nothing is"),
)
bug(
    "shutdown-does-not-wait",
    "items run after their queue has been shut down",
    [f"kunit {Z}restless_items_end_with_their_queue"],
    (O, "        // Nothing is enqueued any more. What is running is refused as well.\n        self.flush();\n", ""),
)
bug(
    "closed-queue-accepts",
    "a reference enqueues on a queue whose owner goes",
    [f"kunit {D}boxed_item_belongs_to_its_queue", f"kunit {E}scope_of_a_queue_that_is_shut_down_is_refused"],
    (O, "        self.closing.load(Relaxed)\n", "        false\n"),
)
bug(
    "reference-not-counted",
    "a reference does not keep the memory of its queue",
    [f"kunit {Z}reference_outlives_the_queue"],
    (O, "        self.references.inc();\n", ""),
)
bug(
    "delayed-item-not-listed",
    "a queue does not know its delayed items",
    [f"kunit {D}drop_drops_what_is_delayed"],
    (L, "                unsafe { list.push(item) };\n", ""),
)
bug(
    "owner-kept",
    "an item still belongs to a queue that is gone",
    [f"kunit {D}item_belongs_to_its_queue"],
    (L, "            unsafe { &(*item).owner }.store(null_mut(), Release);\n", ""),
)
bug(
    "dropped-item-stays-listed",
    "the list of a queue has an item that is gone",
    [f"kunit {D}items_leave_the_list_in_any_order"],
    (L, "            unsafe { list.remove(this) };\n", ""),
)
bug(
    "list-loses-its-way-back",
    "taking an item off the list leaves a link to it behind",
    [f"kunit {D}items_leave_the_list_in_any_order"],
    (L, "            unsafe { (*(*next).links.get()).previous = item };", "            let _ = next;"),
)
bug(
    "delayed-item-leaks",
    "the pointer to an item that is delayed is lost with its queue",
    [f"kunit {D}drop_drops_what_is_delayed"],
    (L, "                unsafe { release(item.cast()) };\n", "                let _ = release;\n"),
)
bug(
    "any-queue-delays",
    "an item is delayed on two private queues",
    [f"kunit {D}item_belongs_to_its_queue"],
    (W, "            _ => false,\n", "            _ => true,\n"),
)
bug(
    "item-destroys-its-own-queue",
    "an item that drops its queue waits for itself",
    [f"kunit {Z}item_drops_its_own_queue"],
    (O, "        if let Some(func) = unsafe { bindings::current_work_func(private.raw) } {",
     "        if let Some(func) = unsafe { bindings::current_work_func(private.raw) }.filter(|_| false) {"),
)
bug(
    "stop-knows-one-queue",
    "a handle is gone while its item runs on a queue before the last",
    [f"kunit {N}drop_waits_on_all_queues"],
    (X, "unsafe { bindings::flush_disabled_work(work) };", "unsafe { bindings::flush_work(work) };"),
)
bug(
    "stopped-item-leaks",
    "the pointer to an item that is stopped is lost",
    [f"kunit {CS}item_cancels_and_stops_itself", f"kunit {N}drop_takes_item_back_for_good"],
    (X, "    // when the item was disabled.\n    queued.then(|| unsafe { reclaim(work) })", "    // when the item was disabled.\n    queued.then(|| unsafe { reclaim(work) }).map(|p: P| { core::mem::forget(p.clone()); p })"),
)
bug(
    "disabled-forgets-pending",
    "suspend does not tell that the item was enqueued",
    [f"kunit {XS}disable_takes_item_back"],
    (X, "        Self { item, was_pending }", "        Self { item, was_pending: false }"),
)
bug(
    "disabled-does-not-enable",
    "an item stays disabled",
    [f"kunit {XS}disabled_item_is_refused"],
    (X, "        unsafe { bindings::enable_work(raw_work(&self.item)) };", "        let _ = raw_work::<P, ID>(&self.item);"),
)
bug(
    "delay-rounded-down",
    "an item is executed early",
    [f"kunit {CS}delays_are_rounded_up"],
    (W, "nsecs.min(1 << 60) + NSECS_PER_JIFFY - 1;", "nsecs.min(1 << 60) + NSECS_PER_JIFFY - NSECS_PER_JIFFY;"),
)
bug(
    "refused-closure-is-lost",
    "a closure that is refused is dropped, and success is reported",
    [f"kunit {Z}queue_refuses_for_ever_after_shutdown"],
    (W, "        match self.enqueue(closure) {\n            Ok(()) => Ok(()),\n            Err(mut refused) => match refused.item.as_mut().project().func.take() {", "        match self.enqueue(closure) {\n            Ok(()) => Ok(()),\n            Err(mut refused) => match refused.item.as_mut().project().func.take().filter(|_| false) {"),
)
bug(
    "mod-loses-surplus",
    "mod_delayed does not return the pointer of an item that was pending",
    [f"kunit {M}delay_is_changed"],
    (W, "            Err(w) if outcome > 0 => Ok(Some(w)),", "            Err(_) if outcome > 0 => Ok(None),"),
)
bug(
    "closure-does-not-keep-its-module",
    "a module can be unloaded while one of its closures has not been executed",
    ["sample kept by a closure: FAIL"],
    (f"{R}kept_closure.rs", "    let module = unsafe { (&raw const (*header).module).read() };\n",
     "    drop(unsafe { (&raw const (*header).module).read() });\n    let module = ();\n"),
)
bug(
    "item-does-not-keep-its-module",
    "a module can be unloaded while the item is running that has dropped its queue",
    ["sample kept by an item that drops the owner of its queue: FAIL"],
    (O, "unsafe { *private.kept.get() = ModuleRef::of_code(func as usize) };", "let _ = (func, ModuleRef::of_code);"),
)
