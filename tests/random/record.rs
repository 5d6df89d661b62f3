// SPDX-License-Identifier: GPL-2.0

//! What happens while several threads act: counts, and the first thing that is wrong.

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Full,
            Relaxed,
            Release, //
        },
        new_spinlock_irq,
        Arc,
        SpinLockIrq, //
    },
};

/// The first thing that is wrong, in whatever context that was noticed.
#[pin_data]
pub(crate) struct Problems {
    #[pin]
    first: SpinLockIrq<Option<&'static str>>,
}

impl Problems {
    pub(crate) fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self { first <- new_spinlock_irq!(None, "Problems::first") }),
            GFP_KERNEL,
        )
    }

    pub(crate) fn must(&self, ok: bool, what: &'static str) {
        if !ok {
            self.first.lock().get_or_insert(what);
        }
    }

    pub(crate) fn first(&self) -> Option<&'static str> {
        *self.first.lock()
    }
}

/// What has happened to one work, or to all closures of a queue.
pub(crate) struct Record {
    problems: Arc<Problems>,
    /// What was given to a queue. Counted before, and taken back if it was refused.
    offered: Atomic<u32>,
    ran: Atomic<u32>,
    returned: Atomic<u32>,
    /// Dropped without having been executed.
    dropped: Atomic<u32>,
    running: Atomic<u32>,
    /// Nothing may be executed any more.
    over: Atomic<bool>,
    /// How many have made sure that nothing is executed for now.
    held: Atomic<u32>,
    /// Whether there must not be two executions at once.
    exclusive: bool,
}

impl Record {
    pub(crate) fn new(problems: &Arc<Problems>, exclusive: bool) -> Result<Arc<Self>> {
        Ok(Arc::new(
            Self {
                problems: problems.clone(),
                offered: Atomic::new(0),
                ran: Atomic::new(0),
                returned: Atomic::new(0),
                dropped: Atomic::new(0),
                running: Atomic::new(0),
                over: Atomic::new(false),
                held: Atomic::new(0),
                exclusive,
            },
            GFP_KERNEL,
        )?)
    }

    pub(crate) fn must(&self, ok: bool, what: &'static str) {
        self.problems.must(ok, what);
    }

    pub(crate) fn offer<T, E>(&self, enqueue: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let over = self.over.load(Acquire);
        self.offered.fetch_add(1, Full);
        let result = enqueue();

        if result.is_err() {
            self.offered.fetch_sub(1, Full);
        } else {
            self.must(!over, "accepted after the end");
        }
        result
    }

    /// The same for a closure, which counts itself as dropped if it is refused.
    pub(crate) fn offer_closure<T, E>(&self, spawn: impl FnOnce() -> Result<T, E>) {
        let over = self.over.load(Acquire);
        self.offered.fetch_add(1, Full);
        let accepted = spawn().is_ok();

        self.must(!over || !accepted, "a closure is accepted after the end");
    }

    /// Something was given to a queue that has it already, and is taken back.
    pub(crate) fn surplus(&self) {
        self.offered.fetch_sub(1, Full);
    }

    pub(crate) fn begin(&self) {
        let others = self.running.fetch_add(1, Full);

        self.must(!self.over.load(Acquire), "executed after the end");
        if self.exclusive {
            self.must(others == 0, "executed twice at once");
        }
        self.must(self.held.load(Acquire) == 0, "executed while disabled");
    }

    pub(crate) fn end(&self) {
        self.must(!self.over.load(Acquire), "still running after the end");
        self.ran.fetch_add(1, Full);
        self.running.fetch_sub(1, Full);
    }

    pub(crate) fn give_back(&self, returned: bool) {
        if returned {
            self.returned.fetch_add(1, Full);
        }
    }

    pub(crate) fn drop_unexecuted(&self) {
        self.dropped.fetch_add(1, Full);
    }

    /// It has ended for good.
    pub(crate) fn is_over(&self) {
        self.must(self.running.load(Acquire) == 0, "running after the end");
        self.over.store(true, Release);
    }

    /// It has been disabled, and waited for.
    pub(crate) fn hold(&self) {
        self.must(
            self.running.load(Acquire) == 0,
            "running after it was disabled and waited for",
        );
        self.held.fetch_add(1, Full);
    }

    pub(crate) fn let_go(&self) {
        self.held.fetch_sub(1, Full);
    }

    /// Whether all that was offered has been executed or come back. Only if nothing acts meanwhile.
    pub(crate) fn is_settled(&self) -> bool {
        let accounted =
            self.ran.load(Acquire) + self.returned.load(Acquire) + self.dropped.load(Acquire);
        self.running.load(Acquire) == 0 && self.offered.load(Acquire) == accounted
    }

    /// The same for what may have been dropped without being counted.
    pub(crate) fn is_plausible(&self) -> bool {
        let accounted =
            self.ran.load(Acquire) + self.returned.load(Acquire) + self.dropped.load(Acquire);
        self.running.load(Acquire) == 0 && self.offered.load(Acquire) >= accounted
    }

    pub(crate) fn ran(&self) -> u32 {
        self.ran.load(Relaxed)
    }
}

/// What a closure owns. Counts itself as dropped unless it was executed.
pub(crate) struct Fate(Option<Arc<Record>>);

impl Fate {
    pub(crate) fn new(record: &Arc<Record>) -> Self {
        Self(Some(record.clone()))
    }

    /// It is executed.
    pub(crate) fn run(mut self, what: impl FnOnce()) {
        if let Some(record) = self.0.take() {
            record.begin();
            what();
            record.end();
        }
    }
}

impl Drop for Fate {
    fn drop(&mut self) {
        if let Some(record) = self.0.take() {
            record.drop_unexecuted();
        }
    }
}
