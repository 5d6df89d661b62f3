// SPDX-License-Identifier: GPL-2.0

//! Task work of the thread of the test, which it executes when it returns to user mode.

use crate::{
    board::Board,
    call::Outcome,
    exact::{
        Verdict,
        Violation, //
    },
};
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
    task_work::{
        self,
        impl_has_task_work,
        NotifyMode,
        TaskWork,
        TaskWorkItem, //
    },
};

const ITEMS: usize = 3;
const CLOSURES: u32 = 8;

#[pin_data]
struct Item {
    ran: Atomic<u32>,
    #[pin]
    work: TaskWork<Item>,
}

impl_has_task_work! {
    impl HasTaskWork<Self> for Item { self.work }
}

#[vtable]
impl TaskWorkItem for Item {
    type Pointer = Arc<Item>;

    fn run(this: Arc<Item>) {
        this.ran.add(1, Relaxed);
    }
}

struct Slot {
    item: Arc<Item>,
    pending: bool,
    ran: u32,
}

pub(crate) struct Tasks {
    slots: KVec<Slot>,
    closures: Arc<Closures>,
    spawned: u32,
    /// Whether something is pending that is executed at the next return.
    notified: bool,
}

struct Closures {
    called: Atomic<u32>,
    dropped: Atomic<u32>,
}

/// What a closure owns.
struct Captured(Arc<Closures>);

impl Drop for Captured {
    fn drop(&mut self) {
        self.0.dropped.add(1, Relaxed);
    }
}

fn mode(b: u8) -> NotifyMode {
    match b % 4 {
        0 => NotifyMode::None,
        1 => NotifyMode::Resume,
        2 => NotifyMode::Signal,
        _ => NotifyMode::SignalNoIpi,
    }
}

fn check(what: &'static str, expected: Outcome, got: Outcome) -> Verdict {
    if expected == got {
        return Ok(());
    }
    Err(Violation {
        what,
        expected: Some(expected),
        got: Some(got),
    })
}

fn new_item() -> Result<Arc<Item>> {
    Arc::pin_init(
        pin_init!(Item { ran: Atomic::new(0), work <- TaskWork::new() }),
        GFP_KERNEL,
    )
}

impl Tasks {
    pub(crate) fn new(_board: Arc<Board>) -> Result<Self> {
        let mut slots = KVec::with_capacity(ITEMS, GFP_KERNEL)?;
        for _ in 0..ITEMS {
            slots.push(
                Slot {
                    item: new_item()?,
                    pending: false,
                    ran: 0,
                },
                GFP_KERNEL,
            )?;
        }
        let closures = Closures {
            called: Atomic::new(0),
            dropped: Atomic::new(0),
        };
        Ok(Self {
            slots,
            closures: Arc::new(closures, GFP_KERNEL)?,
            spawned: 0,
            notified: false,
        })
    }

    pub(crate) fn add(&mut self, a: u8, b: u8) -> Verdict {
        let slot = &mut self.slots[usize::from(a) % ITEMS];
        let mode = mode(b);

        let got = match task_work::add(kernel::current!(), slot.item.clone(), mode) {
            Ok(()) => Outcome::Done,
            Err(refused) if !Arc::ptr_eq(&refused.item, &slot.item) => {
                Outcome::Wrong("the error has another item")
            }
            Err(refused) => Outcome::Refused(refused.error),
        };
        let expected = if slot.pending {
            Outcome::Refused(EBUSY)
        } else {
            slot.pending = true;
            self.notified |= mode != NotifyMode::None;
            Outcome::Done
        };
        check("task work was added", expected, got)
    }

    pub(crate) fn spawn(&mut self, a: u8, b: u8) -> Verdict<bool> {
        if self.spawned >= CLOSURES {
            return Ok(false);
        }
        let captured = Captured(self.closures.clone());
        let closure = move || captured.0.called.add(1, Relaxed);
        let mode = mode(b);
        let dropped = self.closures.dropped.load(Relaxed);

        let _ = a;
        match task_work::try_spawn::<crate::LocalModule, _>(
            kernel::current!(),
            mode,
            GFP_KERNEL,
            closure,
        ) {
            Ok(()) => {
                self.spawned += 1;
                self.notified |= mode != NotifyMode::None;
                Ok(true)
            }
            Err(refused) if refused.error == ENOMEM => {
                if self.closures.dropped.load(Relaxed) != dropped {
                    return Err(Violation::new("a refused closure does not come back"));
                }
                drop(refused);
                self.closures.dropped.store(dropped, Relaxed);
                Ok(false)
            }
            Err(refused) => {
                check(
                    "task work was spawned",
                    Outcome::Done,
                    Outcome::Refused(refused.error),
                )?;
                Ok(false)
            }
        }
    }

    pub(crate) fn cancel(&mut self, a: u8) -> Verdict {
        let slot = &mut self.slots[usize::from(a) % ITEMS];

        let got = match slot.item.work.cancel(kernel::current!()) {
            Some(item) if !Arc::ptr_eq(&item, &slot.item) => {
                Outcome::Wrong("another item was returned")
            }
            returned => returned.is_some().into(),
        };
        let pending = core::mem::take(&mut slot.pending);
        check("task work was cancelled", pending.into(), got)
    }

    pub(crate) fn is_pending(&mut self, a: u8) -> Verdict {
        let slot = &self.slots[usize::from(a) % ITEMS];
        check(
            "task work is pending",
            slot.pending.into(),
            slot.item.work.is_pending().into(),
        )
    }

    /// The task was in user mode. What was added without a notification may have been executed.
    pub(crate) fn returned(&mut self) -> Verdict {
        let notified = core::mem::take(&mut self.notified);

        for slot in self.slots.iter_mut() {
            let ran = slot.item.ran.load(Relaxed).wrapping_sub(slot.ran);
            slot.ran = slot.item.ran.load(Relaxed);
            match (slot.pending, ran) {
                (true, 1) => slot.pending = false,
                (true, 0) if !notified => (),
                (false, 0) => (),
                (true, 0) => return Err(Violation::new("task work is not executed")),
                _ => return Err(Violation::new("task work is executed too often")),
            }
        }
        let called = self.closures.called.load(Relaxed);
        if called != self.closures.dropped.load(Relaxed) {
            return Err(Violation::new("a closure is called, or dropped, alone"));
        }
        if called == self.spawned {
            self.spawned = 0;
            self.closures.called.store(0, Relaxed);
            self.closures.dropped.store(0, Relaxed);
        } else if notified || called > self.spawned {
            return Err(Violation::new("a closure is not called once"));
        }
        Ok(())
    }

    /// Has the task execute all that is pending when it returns to user mode. Closures that were
    /// added without a notification would keep the module for as long as it likes.
    pub(crate) fn flush(&self) {
        for slot in &self.slots {
            let _ = task_work::add(kernel::current!(), slot.item.clone(), NotifyMode::Resume);
        }
    }

    /// Nothing is pending any more, and nothing has a reference to an item.
    pub(crate) fn finish(&mut self) -> Verdict {
        for n in 0..ITEMS {
            self.cancel(n as u8)?;
        }
        for slot in self.slots.iter_mut() {
            let Ok(item) = new_item() else {
                continue;
            };
            let old = core::mem::replace(&mut slot.item, item);
            slot.ran = 0;
            if Arc::into_unique_or_drop(old).is_none() {
                return Err(Violation::new("a reference to a task work has leaked"));
            }
        }
        Ok(())
    }
}
