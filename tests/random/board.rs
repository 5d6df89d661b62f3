// SPDX-License-Identifier: GPL-2.0

//! Where everything that is executed tells of it, and waits until the program lets it go on.
//!
//! Executions never judge anything. The thread of the test looks here, and judges.

use crate::{
    call::{
        Call,
        Report, //
    },
    model::WORKS, //
};
use kernel::{
    new_condvar,
    prelude::*,
    sync::{
        aref::ARef,
        new_spinlock_irq,
        Arc,
        CondVar,
        SpinLockIrq, //
    },
    task::Task,
    time::{
        delay::fsleep,
        Delta,
        Instant,
        Monotonic, //
    },
};

#[allow(improper_ctypes)] // as in the bindings
extern "C" {
    fn sched_show_task(task: *mut kernel::bindings::task_struct);
}

/// How long anything is waited for, and how often it is looked at meanwhile, at least.
const LIMIT: Delta = Delta::from_secs(10);
const LOOKS: u32 = 200;

/// How many executions there can be at a time.
pub(crate) const SEATS: usize = 64;

/// Waits for something that is looked at again and again, with a sleep between two looks.
///
/// Time alone says nothing: if the host has stopped this machine, much of it has passed, in which
/// nobody could do anything. In each sleep of this thread others can go on.
pub(crate) struct Patience {
    start: Instant<Monotonic>,
    looks: u32,
}

impl Patience {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            looks: 0,
        }
    }

    /// To be called once for each look that has found nothing.
    pub(crate) fn is_over(&mut self) -> bool {
        self.looks += 1;
        self.looks > LOOKS && self.start.elapsed() > LIMIT
    }
}

/// Which work, and the how-many-th that has its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) work: u8,
    pub(crate) generation: u32,
}

impl Token {
    /// The token of a work that is in the same struct.
    pub(crate) fn plus(self, more: u8) -> Self {
        Self {
            work: self.work + more,
            ..self
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Free,
    /// It waits.
    AtGate,
    /// It does what it was told to do.
    Acting,
    /// It was told to return.
    Released,
    /// It has dropped what it had, and returns.
    Left,
}

pub(crate) struct Seat {
    pub(crate) token: Token,
    pub(crate) phase: Phase,
    /// Whether the thread of the test knows about it.
    pub(crate) known: bool,
    command: Option<Call>,
    report: Option<Report>,
}

pub(crate) struct State {
    pub(crate) seats: KVec<Seat>,
    /// Nothing waits at a gate any more.
    open: bool,
    /// Whether the next execution of a work waits.
    ungated: [bool; WORKS],
    /// How often the payload of a work has been dropped.
    dropped: [u32; WORKS],
    /// The worker that makes a call for the thread of the test, and what has come of it.
    helper: Option<ARef<Task>>,
    helped: Option<Report>,
    pings: u32,
}

#[pin_data]
pub(crate) struct Board {
    #[pin]
    state: SpinLockIrq<State>,
    #[pin]
    to_test: CondVar,
    #[pin]
    to_seats: CondVar,
}

impl Board {
    pub(crate) fn new() -> Result<Arc<Self>> {
        let mut seats = KVec::with_capacity(SEATS, GFP_KERNEL)?;
        for _ in 0..SEATS {
            let token = Token {
                work: 0,
                generation: 0,
            };
            seats.push(
                Seat {
                    token,
                    phase: Phase::Free,
                    known: false,
                    command: None,
                    report: None,
                },
                GFP_KERNEL,
            )?;
        }
        let state = State {
            seats,
            open: false,
            ungated: [false; WORKS],
            dropped: [0; WORKS],
            helper: None,
            helped: None,
            pings: 0,
        };
        Arc::pin_init(
            pin_init!(Self {
                state <- new_spinlock_irq!(state, "Board::state"),
                to_test <- new_condvar!("Board::to_test"),
                to_seats <- new_condvar!("Board::to_seats"),
            }),
            GFP_KERNEL,
        )
    }

    /// An execution begins. Returns its seat, unless there are too many.
    pub(crate) fn enter(&self, token: Token) -> Option<usize> {
        let mut state = self.state.lock();
        let gated = !core::mem::take(&mut state.ungated[usize::from(token.work)]) && !state.open;
        let free = state.seats.iter().position(|s| s.phase == Phase::Free);

        if let Some(index) = free {
            let seat = &mut state.seats[index];
            seat.token = token;
            seat.known = false;
            seat.phase = if gated {
                Phase::AtGate
            } else {
                Phase::Released
            };
        }
        drop(state);
        self.to_test.notify_all();
        free
    }

    /// Waits until it may go on, and does meanwhile what it is told.
    pub(crate) fn wait_at_gate(&self, seat: Option<usize>) {
        let Some(seat) = seat else {
            return;
        };
        let mut state = self.state.lock();

        while state.seats[seat].phase != Phase::Released && !state.open {
            match state.seats[seat].command.take() {
                Some(call) => {
                    drop(state);
                    let report = call.perform();
                    state = self.state.lock();
                    state.seats[seat].report = Some(report);
                    state.seats[seat].phase = Phase::AtGate;
                    self.to_test.notify_all();
                }
                None => self.to_seats.wait(&mut state),
            }
        }
    }

    /// An execution has dropped what it had.
    pub(crate) fn leave(&self, seat: Option<usize>) {
        if let Some(seat) = seat {
            self.state.lock().seats[seat].phase = Phase::Left;
            self.to_test.notify_all();
        }
    }

    pub(crate) fn count_drop(&self, token: Token) {
        self.state.lock().dropped[usize::from(token.work)] += 1;
        self.to_test.notify_all();
    }

    // What follows is for the thread of the test.

    /// Waits until a look at the state returns something.
    pub(crate) fn wait<R>(&self, look: impl Fn(&mut State) -> Option<R>) -> Option<R> {
        let mut patience = Patience::new();
        let mut state = self.state.lock();

        loop {
            if let Some(found) = look(&mut state) {
                return Some(found);
            }
            if patience.is_over() {
                return None;
            }
            let _ = self.to_test.wait_interruptible_timeout(&mut state, 2);
            if kernel::current!().signal_pending() {
                // Task work interrupts the wait above, always.
                drop(state);
                fsleep(Delta::from_micros(100));
                state = self.state.lock();
            }
        }
    }

    pub(crate) fn look<R>(&self, look: impl FnOnce(&mut State) -> R) -> R {
        look(&mut self.state.lock())
    }

    /// Lets whatever waits, or comes, go on.
    pub(crate) fn open(&self) {
        self.state.lock().open = true;
        self.to_seats.notify_all();
    }

    pub(crate) fn release(&self, seat: usize) {
        self.state.lock().seats[seat].phase = Phase::Released;
        self.to_seats.notify_all();
    }

    /// Has an execution do something. Returns what came of it, unless that takes too long.
    pub(crate) fn command(&self, seat: usize, call: Call) -> Option<Report> {
        {
            let mut state = self.state.lock();
            state.seats[seat].command = Some(call);
            state.seats[seat].phase = Phase::Acting;
        }
        self.to_seats.notify_all();
        self.wait(|state| state.seats[seat].report.take())
    }

    /// A worker is going to make a call that may wait.
    pub(crate) fn helper_enters(&self) {
        self.state.lock().helper = Some(ARef::from(&**kernel::current!()));
        self.to_test.notify_all();
    }

    pub(crate) fn helper_ends(&self, report: Report) {
        let mut state = self.state.lock();
        state.helper = None;
        state.helped = Some(report);
        drop(state);
        self.to_test.notify_all();
    }

    pub(crate) fn ping(&self) {
        self.state.lock().pings += 1;
        self.to_test.notify_all();
    }
}

impl State {
    pub(crate) fn gate(&mut self, work: u8, gated: bool) {
        self.ungated[usize::from(work)] = !gated;
    }

    pub(crate) fn dropped(&self, work: u8) -> u32 {
        self.dropped[usize::from(work)]
    }

    /// Forgets what has happened to the works.
    pub(crate) fn reset(&mut self) {
        self.ungated = [false; WORKS];
        self.dropped = [0; WORKS];
    }

    pub(crate) fn reset_drop(&mut self, work: u8) {
        self.dropped[usize::from(work)] = 0;
    }

    /// Whether the worker that makes a call sleeps, if there is one. One that was preempted does not.
    pub(crate) fn helper_sleeps(&self) -> Option<bool> {
        let task = self.helper.as_ref()?;
        // SAFETY: The task is valid. It changes its state at any time, hence the volatile read.
        let state = unsafe { (&raw const (*task.as_ptr()).__state).read_volatile() };
        Some(state != kernel::bindings::TASK_RUNNING)
    }

    /// Prints where the worker is that makes a call.
    pub(crate) fn show_helper(&self) {
        if let Some(task) = &self.helper {
            // SAFETY: The task is valid.
            unsafe { sched_show_task(task.as_ptr()) };
        }
    }

    pub(crate) fn has_helped(&self) -> bool {
        self.helped.is_some()
    }

    pub(crate) fn take_help(&mut self) -> Option<Report> {
        self.helped.take()
    }

    pub(crate) fn pings(&self) -> u32 {
        self.pings
    }

    /// The seat of an execution that has begun, which the test is told about once.
    pub(crate) fn begun(&mut self, token: Token) -> Option<usize> {
        let seat = self
            .seats
            .iter()
            .position(|s| s.phase != Phase::Free && !s.known && s.token == token)?;
        self.seats[seat].known = true;
        Some(seat)
    }

    /// An execution that the test has not been told about.
    pub(crate) fn unknown(&self) -> Option<Token> {
        self.seats
            .iter()
            .find(|s| s.phase != Phase::Free && !s.known)
            .map(|s| s.token)
    }

    /// Whether an execution has ended, whose seat is free then.
    pub(crate) fn vacated(&mut self, seat: usize) -> Option<()> {
        (self.seats[seat].phase == Phase::Left).then(|| self.seats[seat].phase = Phase::Free)
    }
}

/// What belongs to a work, and is dropped with it.
pub(crate) struct Payload {
    pub(crate) board: Arc<Board>,
    pub(crate) token: Token,
}

impl Drop for Payload {
    fn drop(&mut self) {
        self.board.count_drop(self.token);
    }
}
