// SPDX-License-Identifier: GPL-2.0

//! Makes calls for the thread of the test: those that wait, and those of other contexts.

use crate::{
    board::{
        Board,
        State, //
    },
    call::Call,
    exact::{
        Verdict,
        Violation, //
    },
};
use kernel::{
    prelude::*,
    sync::{
        new_spinlock_irq,
        Arc,
        SpinLockIrq, //
    },
    workqueue::{
        impl_has_work,
        new_work,
        system_bh,
        OwnedQueue,
        Queue,
        Work,
        WorkItem, //
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    Worker,
    Softirq,
}

/// Makes one call.
#[pin_data]
struct Caller {
    board: Arc<Board>,
    #[pin]
    call: SpinLockIrq<Option<Call>>,
    #[pin]
    worker: Work<Caller, 1>,
    #[pin]
    softirq: Work<Caller, 2>,
    #[pin]
    ping: Work<Caller, 3>,
}

impl_has_work! {
    impl HasWork<Self, 1> for Caller { self.worker }
    impl HasWork<Self, 2> for Caller { self.softirq }
    impl HasWork<Self, 3> for Caller { self.ping }
}

impl Caller {
    fn perform(&self) {
        let call = self.call.lock().take();
        if let Some(call) = call {
            self.board.helper_ends(call.perform());
        }
    }
}

impl WorkItem<1> for Caller {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.board.helper_enters();
        this.perform();
    }
}

impl WorkItem<2> for Caller {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.perform();
    }
}

impl WorkItem<3> for Caller {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.board.ping();
    }
}

pub(crate) struct Helper {
    board: Arc<Board>,
    caller: Arc<Caller>,
    queue: OwnedQueue,
    other: OwnedQueue,
}

impl Helper {
    pub(crate) fn new(board: Arc<Board>) -> Result<Self> {
        let captured = board.clone();
        let caller = Arc::pin_init(
            pin_init!(Caller {
                board: captured,
                call <- new_spinlock_irq!(None, "Caller::call"),
                worker <- new_work!("Caller::worker"),
                softirq <- new_work!("Caller::softirq"),
                ping <- new_work!("Caller::ping"),
            }),
            GFP_KERNEL,
        )?;
        Ok(Self {
            board,
            caller,
            queue: Queue::new_percpu().build(c"random-helper")?,
            other: Queue::new_percpu().build(c"random-ping")?,
        })
    }

    /// Makes a call in another context, and waits until it has returned.
    pub(crate) fn call(&self, context: Context, call: Call) -> Option<crate::call::Report> {
        *self.caller.call.lock() = Some(call);
        let enqueued = match context {
            Context::Worker => self.queue.enqueue::<_, 1>(self.caller.clone()),
            Context::Softirq => system_bh().enqueue::<_, 2>(self.caller.clone()),
        };
        enqueued.ok()?;
        self.board.wait(|state| state.take_help())
    }

    /// Makes a call in a worker. When this returns, that waits, or has returned.
    ///
    /// What the test does then must find it waiting: a flush that begins after its item has enqueued
    /// itself waits for that, too. But the worker can be preempted on its way there, for any time.
    pub(crate) fn begin(&self, call: Call) -> Verdict {
        *self.caller.call.lock() = Some(call);
        let enqueued = self.queue.enqueue::<_, 1>(self.caller.clone());
        enqueued.map_err(|_| Violation::new("the helper is not executed"))?;

        let waits = |state: &mut State| {
            (state.has_helped() || state.helper_sleeps() == Some(true)).then_some(())
        };
        // Nobody tells of a sleep, and this is faster than to look at it again after some time.
        for _ in 0..2 {
            if self.board.look(waits).is_some() {
                return Ok(());
            }
            self.yield_now()?;
        }
        self.board
            .wait(waits)
            .ok_or(Violation::new("a call neither waits nor returns"))
    }

    /// Lets other threads go on: one that this waits for, and in most cases those before it.
    pub(crate) fn yield_now(&self) -> Verdict {
        let before = self.board.look(|state| state.pings());
        // Refused while the last one has not quite ended.
        let _ = self.other.enqueue::<_, 3>(self.caller.clone());
        self.board
            .wait(|state| (state.pings() != before).then_some(()))
            .ok_or(Violation::new("a ping does not come back"))
    }
}
