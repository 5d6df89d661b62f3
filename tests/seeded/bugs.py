"""The bugs: what is done to the sources, which rule that breaks, and which tests have to report it.

A test is `kunit suite.test`, `compile program.rs`, `log text` for a complaint in the log of the UML
kernel, `smp text` for one of the SMP kernel, or `sample text` for what goes wrong in the walk
through the sample.
"""

from __future__ import annotations

from dataclasses import dataclass

W, R = "rust/kernel/workqueue.rs", "rust/kernel/workqueue/"
B, O, C, X, G, P = (f"{R}{name}.rs" for name in ("builder", "owned_queue", "cancel", "disable", "handle", "scope"))
K, H = "kernel/workqueue.c", "rust/helpers/workqueue.c"
T = "rust/kernel/task_work.rs"
S = "rust_workqueue."
Q, CS, XS, N, M, D, E = (
    f"rust_workqueue_{name}."
    for name in ("owned_queue", "cancel", "disable", "handle", "mod_delayed", "delayed", "scope")
)
HANG = "log the kernel did not finish its tests"


@dataclass(frozen=True)
class Bug:
    name: str
    rule: str
    what: str
    catchers: list[tuple[str, str]]
    edits: tuple[tuple[str, str, str], ...]  # file, what is there, what is put in its place


BUGS: list[Bug] = []


def bug(name: str, rule: str, what: str, catchers: list[str], *edits: tuple[str, str, str]) -> None:
    pairs = [(kind, text) for kind, _, text in (catcher.partition(" ") for catcher in catchers)]
    BUGS.append(Bug(name, rule, what, pairs, edits))


bug(
    "ordered-is-only-unbound",
    "T11",
    "an ordered queue executes items side by side",
    [f"kunit {Q}kinds_have_the_flags_of_c", f"kunit {Q}ordered_queue_keeps_order"],
    (
        B,
        "bindings::wq_flags_WQ_UNBOUND | bindings::wq_flags___WQ_ORDERED,\n            1,",
        "bindings::wq_flags_WQ_UNBOUND,\n            DEFAULT_MAX_ACTIVE,",
    ),
)
bug(
    "max-active-unchecked",
    "T10",
    "a max_active that C would change is accepted",
    [f"kunit {Q}max_active_out_of_range_is_refused"],
    (B, "if !(1..=bindings::wq_consts_WQ_MAX_ACTIVE).contains(&max) {", "if max == u32::MAX {"),
)
bug(
    "max-active-constant-unchecked",
    "T10",
    "a constant max_active that C would change compiles",
    ["compile max_active_zero.rs", "compile max_active_beyond.rs"],
    (B, "1 <= MAX && MAX <= bindings::wq_consts_WQ_MAX_ACTIVE,", "MAX != u32::MAX,"),
)
bug(
    "max-active-lost",
    "T10",
    "max_active does not reach C",
    [f"kunit {Q}max_active_reaches_c", f"kunit {Q}max_active_limits_concurrency"],
    (B, "flags, self.max_active as c_int)", "flags, (self.max_active == 1) as c_int)"),
)
bug(
    "knob-for-every-kind",
    "T10",
    "a flag that C ignores or rejects can be set",
    ["compile unbound_cpu_intensive.rs", "compile ordered_cpu_intensive.rs", "compile bh_cpu_intensive.rs"],
    (B, "impl<K: Managed> Builder<K> {", "impl<K: Kind> Builder<K> {"),
)
bug(
    "long-name",
    "T12",
    "a name that C cuts is accepted",
    [f"kunit {Q}bad_name_is_refused", "log name exceeds WQ_NAME_LEN"],
    (B, "name.is_empty() || name.count_bytes() >= bindings::wq_consts_WQ_NAME_LEN as usize", "name.is_empty()"),
)
bug(
    "name-is-format",
    "T12",
    "a % in a name is taken for a format",
    [f"kunit {Q}name_is_used_as_it_stands"],
    (H, 'alloc_workqueue("%s", flags, max_active, name)', "alloc_workqueue(name, flags, max_active)"),
)
bug(
    "delayed-on-any-queue",
    "T1",
    "delayed work can be enqueued on a queue that is destroyed",
    ["compile delayed_on_borrowed_queue.rs", "compile delayed_on_queue_of_owned.rs"],
    (W, "        &'static self,\n        w: W,", "        &self,\n        w: W,"),
)
bug(
    "drain-shared",
    "T4",
    "others can enqueue while a queue is drained",
    ["compile drain_shared.rs", "compile drain_arc.rs", "compile enqueue_during_drain.rs"],
    (O, "pub fn drain(&mut self)", "pub fn drain(&self)"),
)
bug(
    "spawn-any-closure",
    "T20",
    "a closure that is not Send can be spawned",
    ["compile spawn_not_send.rs"],
    (W, "pub fn try_spawn<T: 'static + Send + FnOnce()>(", "pub fn try_spawn<T: 'static + FnOnce()>("),
    (
        W,
        "self.enqueue(KBox::pin_init(init, flags).map_err(|_| AllocError)?);",
        "struct Any<T>(T);\n        // SAFETY: A bug.\n        unsafe impl<T> Send for Any<T> {}\n        let _ = Any(());\n        let boxed = KBox::pin_init(init, flags).map_err(|_| AllocError)?;\n        let queue = self.0.get();\n        // SAFETY: A bug.\n        unsafe { boxed.__enqueue(|work| bindings::queue_work_on(bindings::wq_misc_consts_WORK_CPU_UNBOUND as ffi::c_int, queue, work)) };",
    ),
)
bug(
    "enqueue-any-item",
    "T20",
    "an item that borrows can be enqueued",
    ["compile enqueue_borrows.rs"],
    (
        W,
        "        W: RawWorkItem<ID> + Send + 'static,\n    {\n        let queue_ptr",
        "        W: RawWorkItem<ID> + Send,\n    {\n        let queue_ptr",
    ),
)
bug(
    "closure-not-called",
    "T13",
    "a closure is dropped instead of called",
    [f"kunit {S}spawned_closure_is_called_and_dropped_once", f"kunit {Q}drop_executes_what_is_queued"],
    (W, "            (func)()\n", "            drop(func)\n"),
)
bug(
    "refused-item-leaks",
    "T5",
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
    "queue-not-destroyed",
    "T1",
    "dropping a queue does not wait for its items",
    [f"kunit {Q}drop_executes_what_is_queued", f"kunit {Q}name_that_sysfs_has_is_refused"],
    (O, "unsafe { bindings::destroy_workqueue(queue.as_ptr()) }", "let _ = queue;"),
)
bug(
    "flush-does-nothing",
    "flush",
    "flush returns at once",
    [f"kunit {Q}flush_waits"],
    (O, "unsafe { bindings::__flush_workqueue(self.queue.as_ptr()) };", "let _ = bindings::__flush_workqueue;"),
)
bug(
    "drain-does-nothing",
    "drain",
    "drain returns at once",
    [f"kunit {Q}drain_waits"],
    (O, "unsafe { bindings::drain_workqueue(self.queue.as_ptr()) };", "let _ = bindings::drain_workqueue;"),
)
bug(
    "deprecated-queue",
    "system queues",
    "system() leads to the deprecated queue",
    [f"kunit {S}system_queues_execute", "log enqueued on deprecated workqueue"],
    (
        W,
        "pub fn system() -> &'static Queue {\n    system_percpu()",
        "pub fn system() -> &'static Queue {\n    // SAFETY: A bug.\n    unsafe { Queue::from_raw(bindings::system_wq) }",
    ),
)

bug(
    "cancelled-item-leaks",
    "T5",
    "cancel takes the item off its queue and gives it to nobody",
    [f"kunit {CS}cancel_takes_queued_item_back", "kunit rust_workqueue_stress.every_reference_is_run_or_returned"],
    (C, "if unsafe { bindings::cancel_work(ptr) } {", "if unsafe { bindings::cancel_work(ptr) } && ptr.is_null() {"),
    (
        C,
        "if unsafe { bindings::cancel_delayed_work(self.as_ptr()) } {",
        "if unsafe { bindings::cancel_delayed_work(self.as_ptr()) } && self.as_ptr().is_null() {",
    ),
)
bug(
    "item-waits-for-itself",
    "T3",
    "an item that cancels or flushes itself waits for its own end",
    [f"kunit {CS}item_does_not_wait_for_itself"],
    (
        C,
        "unsafe { bindings::current_is_executing_work(work) }",
        "unsafe { bindings::current_is_executing_work(work) && work.is_null() }",
    ),
)
bug(
    "cancel-does-not-wait",
    "T5",
    "cancel_sync does not wait for an item that is running",
    [f"kunit {CS}cancel_sync_waits_for_running_item"],
    (C, "if unsafe { bindings::cancel_work_sync(ptr) } {", "if unsafe { bindings::cancel_work(ptr) } {"),
)
bug(
    "boxed-is-shared",
    "T7",
    "a boxed item can be cancelled and disabled",
    [
        f"compile {n}.rs"
        for n in (
            "cancel_boxed",
            "cancel_sync_boxed",
            "cancel_delayed_boxed",
            "disable_boxed",
            "disable_sync_boxed",
            "disable_delayed_boxed",
        )
    ],
    (C, "RawWorkItem<ID, EnqueueOutput = Result<(), Self>>", "RawWorkItem<ID>"),
    (
        W,
        "W: RawDelayedWorkItem<ID> + SharedWorkItemPointer<ID>",
        "W: RawDelayedWorkItem<ID, EnqueueOutput = Result<(), W>> + SharedWorkItemPointer<ID>",
    ),
    (
        W,
        "W: RawDelayedWorkItem<ID> + SharedWorkItemPointer<ID>",
        "W: RawDelayedWorkItem<ID, EnqueueOutput = Result<(), W>> + SharedWorkItemPointer<ID>",
    ),
    (
        O,
        "W: RawDelayedWorkItem<ID> + SharedWorkItemPointer<ID>",
        "W: RawDelayedWorkItem<ID, EnqueueOutput = Result<(), W>> + SharedWorkItemPointer<ID>",
    ),
    (
        W,
        "// SAFETY: `reclaim` undoes what `__enqueue` does.\n",
        """// SAFETY: A bug.
unsafe impl<T, const ID: u64> SharedWorkItemPointer<ID> for Pin<KBox<T>>
where
    T: WorkItem<ID, Pointer = Self>,
    T: HasWork<T, ID>,
{
    unsafe fn reclaim(ptr: *mut bindings::work_struct) -> Self {
        // SAFETY: A bug.
        unsafe { Pin::new_unchecked(KBox::from_raw(T::work_container_of(ptr.cast()))) }
    }
}

// SAFETY: `reclaim` undoes what `__enqueue` does.
""",
    ),
)
bug(
    "disabled-item-is-accepted",
    "T7",
    "disable does not keep an item from being enqueued",
    [f"kunit {XS}disabled_item_is_refused"],
    (
        X,
        "let queued = unsafe { bindings::disable_work(work) };",
        "let queued = unsafe { bindings::cancel_work(work) };",
    ),
)
bug(
    "guard-does-not-enable",
    "T9",
    "an item stays disabled when its guard is dropped",
    [f"kunit {XS}disabled_item_is_refused", f"kunit {XS}disabled_delayed_item_is_refused"],
    (X, "unsafe { bindings::enable_work(self.work) };", "let _ = self.work;\n        let _ = bindings::enable_work;"),
)

bug(
    "destroy-forgets-delayed",
    "T1",
    "destroying a queue forgets items whose timer is armed",
    # Its timers expire, and its items are cancelled, when it is gone.
    [HANG],
    (K, "\tif (wq->flags & WQ_TRACK_DELAYED)\n\t\texpire_tracked_works(wq);\n", "\t(void)expire_tracked_works;\n"),
)
bug(
    "queue-does-not-track",
    "T1",
    "an owned queue is made without WQ_TRACK_DELAYED",
    [f"kunit {D}drop_executes_delayed_items_early", f"kunit {Q}kinds_have_the_flags_of_c"],
    (B, "self.flags | bindings::wq_flags_WQ_TRACK_DELAYED", "self.flags"),
)
bug(
    "cancelled-item-stays-tracked",
    "T1",
    "a cancelled item stays in the list of armed ones",
    ["log __queue_delayed_work"],
    (
        K,
        "			if (unlikely(!list_empty(&work->entry)))\n				untrack_delayed_work(dwork);\n",
        "			(void)untrack_delayed_work;\n",
    ),
)
bug(
    "timer-in-drain-is-dropped",
    "T4",
    "a delayed item whose timer expires while its queue is drained gets lost",
    [f"kunit {D}timer_expires_during_drain", "log cannot queue"],
    (K, "this_cpu_read(wq->delayed->expiring) == work", "this_cpu_read(wq->delayed->expiring) != work"),
)
bug(
    "chained-item-is-delayed",
    "T1",
    "an item can arm its timer while its queue is being destroyed",
    [f"kunit {D}chained_item_is_not_delayed_by_destruction"],
    (K, "destroying = wq->flags & __WQ_DESTROYING;", "destroying = false;"),
)
bug(
    "item-destroys-its-own-queue",
    "T2",
    "an item that drops its own queue waits for itself",
    [HANG],
    (
        O,
        "        if self.is_current() {\n            if let",
        "        if self.is_current() && self.queue.as_ptr().is_null() {\n            if let",
    ),
)
bug(
    "item-flushes-its-own-queue",
    "T3",
    "an item that flushes its own queue waits for itself",
    [f"kunit {Q}item_does_not_wait_for_its_queue"],
    (
        O,
        "        if self.is_current() {\n            return Err(EDEADLK);\n        }\n\n        // SAFETY: By the type invariant the workqueue is valid.\n        unsafe { bindings::__flush",
        "        // SAFETY: By the type invariant the workqueue is valid.\n        unsafe { bindings::__flush",
    ),
)
bug(
    "handle-waits-for-itself",
    "T3",
    "an item that drops its handle waits for itself",
    [f"kunit {N}item_drops_its_handle"],
    (G, "let own = unsafe { is_current(work) };", "let own = unsafe { is_current(work) } && work.is_null();"),
)
bug(
    "handle-only-cancels",
    "T7",
    "an item can be enqueued when its handle has been dropped",
    [f"kunit {N}drop_takes_item_back_for_good", f"kunit {N}any_handle_stops_the_item"],
    (G, "bindings::disable_work_sync(work)", "bindings::cancel_work_sync(work)"),
)
bug(
    "handle-does-not-wait",
    "T3",
    "dropping a handle does not wait for the item",
    [f"kunit {N}drop_waits_for_running_item"],
    (G, "bindings::disable_work_sync(work)", "bindings::disable_work(work)"),
)
bug(
    "chained-bh-item-is-dropped",
    "T4",
    "what an item of a BH queue enqueues gets lost when the queue is destroyed",
    [f"kunit {D}chained_item_is_not_delayed_by_destruction", "log cannot queue"],
    (K, "WARN_ONCE(!is_chained_work(wq) &&", "WARN_ONCE((wq->flags & WQ_BH || !is_chained_work(wq)) &&"),
)
bug(
    "handle-forgets-the-timer",
    "T6",
    "the handle of a delayed item takes it for a plain one",
    [HANG],
    (W, "const IS_DELAYED: bool = true;", "const IS_DELAYED: bool = false;"),
)
bug(
    "cancel-forgets-the-timer",
    "T6",
    "cancelling a delayed item is cancelling a plain one",
    [HANG],
    (
        C,
        "if unsafe { bindings::cancel_delayed_work(self.as_ptr()) } {",
        "if unsafe { bindings::cancel_work(self.work_ptr()) } {",
    ),
)
bug(
    "mod-leaks-disabled",
    "T8",
    "mod_delayed leaks the reference if the item is disabled",
    [f"kunit {M}disabled_item_is_handed_back"],
    (W, "                outcome == 0\n", "                outcome <= 0\n"),
)
bug(
    "mod-leaks-surplus",
    "T8",
    "mod_delayed leaks the surplus reference",
    [f"kunit {M}delay_is_changed"],
    (W, "                outcome == 0\n", "                outcome >= 0\n"),
)
bug(
    "mod-hides-disabled",
    "T8",
    "C does not say that an item is disabled",
    [f"kunit {M}disabled_item_is_handed_back"],
    (K, "		ret = -EPERM;\n", "		ret = 0;\n"),
)
bug(
    "scope-does-not-wait",
    "T20",
    "a scope ends before its closures",
    [f"kunit {E}scope_waits_in_case_of_an_error"],
    (P, "        data.wait();\n        result\n", "        let _ = ScopeData::wait;\n        result\n"),
)
bug(
    "scope-takes-any-lifetime",
    "T20",
    "a closure can borrow from inside its scope",
    ["compile scope_borrows_from_inside.rs"],
    (P, "        F: FnOnce() + Send + 'scope,", "        F: FnOnce() + Send,"),
)
bug(
    "scope-takes-any-closure",
    "T20",
    "a closure of a scope need not be Send",
    ["compile scope_not_send.rs"],
    (P, "        F: FnOnce() + Send + 'scope,", "        F: FnOnce() + 'scope,"),
)
bug(
    "join-takes-any-closure",
    "T20",
    "a joined closure need not be Send",
    ["compile join_not_send.rs"],
    (P, "        F: FnOnce() -> A + Send,", "        F: FnOnce() -> A,"),
)
bug(
    "stack-item-as-if-on-heap",
    "T14",
    "an item on the stack is initialized like others",
    ["smp ODEBUG: object N is on stack N, but NOT annotated."],
    (
        P,
        '                        true,\n                        c"OwnedQueue::join"',
        '                        false,\n                        c"OwnedQueue::join"',
    ),
)
bug(
    "lock-leaves-a-scope",
    "T3",
    "a scope returns a lock that its items take, which lockdep has to find out",
    ["smp WARNING: possible circular locking dependency detected"],
    (
        f"{R}tests/scope.rs",
        "        assert_eq!(*sum.lock(), 2);\n        // Nobody",
        "        drop(queue.scope(|_| Ok(sum.lock()))?);\n        // Nobody",
    ),
)
bug(
    "kernel-thread-is-accepted",
    "T15",
    "what never returns to user mode gets task work",
    ["kunit rust_task_work.kernel_thread_is_refused"],
    (T, "    flags & bindings::PF_KTHREAD != 0", "    flags & bindings::PF_KTHREAD == u32::MAX"),
)
bug(
    "add-makes-its-error-up",
    "T16",
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
    "T17",
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
    "T17",
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
    "T18",
    "an item gets into the lists of two tasks",
    ["kunit rust_task_work.pending_item_is_refused"],
    (T, ".xchg(true, Full) {", ".xchg(true, Full) && false {"),
)
bug(
    "boxed-task-work-is-shared",
    "T18",
    "an item that a task has got can be cancelled through a reference",
    ["compile task_work_cancel_boxed.rs"],
    (T, "    T: TaskWorkItem<ID, Pointer = Arc<T>>,\n    T: HasTaskWork<T, ID>,\n    Arc<T>: Send,", "    T: TaskWorkItem<ID>,\n    T: HasTaskWork<T, ID>,"),
    (T, "pub fn cancel(&self, task: &Task) -> Option<Arc<T>> {", "pub fn cancel(&self, task: &Task) -> Option<T::Pointer> {"),
)
bug(
    "cancelled-task-work-leaks",
    "T5",
    "the reference of a cancelled item is lost",
    ["kunit rust_task_work.cancel_takes_the_item_back"],
    (T, "        Some(unsafe { T::Pointer::end(head) })", "        let _ = core::mem::ManuallyDrop::new(unsafe { T::Pointer::end(head) });\n        None"),
)
bug(
    "module-is-not-pinned",
    "T19",
    "a module can be unloaded while a task has a pointer to its code",
    ["sample task work, unload: FAIL: unload while it is pending: 0"],
    (
        T,
        "    Ok(module)\n}\n",
        "    unsafe { bindings::module_put(module) };\n    Ok(core::ptr::null_mut())\n}\n",
    ),
)
bug(
    "module-stays-pinned",
    "T19",
    "the reference to the module is lost when the item has been executed",
    ["sample unload"],
    (T, "    // SAFETY: `add_raw` has taken the reference.\n    unsafe { bindings::module_put(module) };", "    let _ = module;"),
)
bug(
    "module-stays-pinned-by-cancelled",
    "T19",
    "the reference to the module is lost when the item is cancelled",
    ["sample unload: FAIL"],
    (T, "        bindings::module_put((*raw).module);", "        let _ = (*raw).module;"),
)
bug(
    "coming-module-is-pinned",
    "T19",
    "a reference to a module keeps it although its init fails",
    ["sample the walk did not get to its end"],
    (T, "unsafe { bindings::module_is_coming(module) } || !unsafe", "!unsafe"),
)
bug(
    "task-work-of-any-pointer",
    "T20",
    "an item that is not Send or borrows is given to a task",
    ["compile task_work_not_send.rs", "compile task_work_not_sync.rs", "compile task_work_borrows.rs"],
    (T, "    W: TaskWorkPointer<ID> + Send + 'static,", "    W: TaskWorkPointer<ID>,"),
)
bug(
    "task-work-of-any-closure",
    "T20",
    "a closure that is not Send or borrows is given to a task",
    ["compile task_work_spawn_not_send.rs", "compile task_work_spawn_borrows.rs"],
    (T, "    W: TaskWorkPointer<ID> + Send + 'static,", "    W: TaskWorkPointer<ID>,"),
    (T, "    F: FnOnce() + Send + 'static,", "    F: FnOnce(),"),
)
