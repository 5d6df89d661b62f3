// SPDX-License-Identifier: GPL-2.0

//! Executes programs of which each result is known before.
//!
//! There is one thread that acts, and everything that is executed waits at its gate. So after each
//! operation the kernel is where the model says, or has a bug. An operation that waits is made by a
//! helper, and must not return before what it waits for has been let go by this thread.

use crate::{
    board::{
        Board,
        Patience,
        Payload,
        State,
        SEATS, //
    },
    call::{
        Action,
        Call,
        Guard,
        Once,
        Outcome,
        QueueRef,
        Report,
        Thing,
        Wait, //
    },
    helper::{
        Context, //
        Helper,
    },
    items::{
        fixed,
        Counted,
        Owner,
        Shared, //
    },
    model::*,
    program::{
        Op,
        Verb, //
    },
    tasks::Tasks,
};
use kernel::{
    interrupt::local_interrupt_disable,
    prelude::*,
    sync::{
        aref::ARef,
        Arc, //
    },
    time::{
        delay::fsleep,
        Delta, //
    },
    workqueue::{
        self,
        OwnedQueue,
        Queue, //
    },
};

mod closures;
mod enqueue;
mod finish;
mod handles;
mod items;
mod queues;
mod waiting;

const REFERENCES: usize = 3;
const GUARDS: usize = 24;

/// What is wrong.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) what: &'static str,
    pub(crate) expected: Option<Outcome>,
    pub(crate) got: Option<Outcome>,
}

impl Violation {
    pub(crate) fn new(what: &'static str) -> Self {
        Self {
            what,
            expected: None,
            got: None,
        }
    }
}

pub(crate) type Verdict<T = ()> = core::result::Result<T, Violation>;

/// What an operation may return.
#[derive(Clone, Copy, Debug)]
enum Expected {
    Is(Outcome),
    Either(Outcome, Outcome),
    /// An hour, of which not much has passed.
    LongDelay,
}

impl Expected {
    fn check(self, got: Outcome) -> Verdict {
        let (ok, expected) = match self {
            Self::Is(outcome) => (outcome == got, Some(outcome)),
            Self::Either(one, other) => (one == got || other == got, Some(one)),
            Self::LongDelay => (
                matches!(got, Outcome::Left(Some(left)) if left > 3000 * hz() && left <= 3600 * hz()),
                Some(Outcome::Left(Some(3600 * hz()))),
            ),
        };
        if ok {
            return Ok(());
        }
        Err(Violation {
            what: "the result is wrong",
            expected,
            got: Some(got),
        })
    }
}

/// The jiffies of a second.
fn hz() -> i64 {
    kernel::time::msecs_to_jiffies(1000) as i64
}

/// Places in lines. Allocations are made to fail, so these need none.
struct Serials {
    list: [u32; SEATS],
    length: usize,
}

impl Serials {
    fn new() -> Self {
        Self {
            list: [0; SEATS],
            length: 0,
        }
    }

    fn push(&mut self, serial: u32) {
        // There are not more executions than seats.
        if let Some(place) = self.list.get_mut(self.length) {
            *place = serial;
            self.length += 1;
        }
    }

    fn is_empty(&self) -> bool {
        self.length == 0
    }

    fn iter(&self) -> impl Iterator<Item = &u32> {
        self.list.iter().take(self.length)
    }
}

/// What a waiting operation waits for.
enum Until {
    Serials(Serials),
    Line(u8),
}

pub(crate) struct World {
    pub(crate) board: Arc<Board>,
    model: Model,
    /// What works are part of. The two works of one item each have a reference.
    things: KVec<Option<Thing>>,
    queues: KVec<Option<Arc<OwnedQueue>>>,
    /// References to queues, some of which are gone.
    references: KVec<Option<(ARef<Queue>, Option<u8>)>>,
    guards: KVec<(u8, Guard)>,
    /// The queues of the embedded items, unless they are gone.
    scoped_on: [Option<u8>; SCOPED as usize],
    /// How often embedded items have been disabled by `disable`.
    scoped_disabled: [u32; SCOPED as usize],
    helper: Helper,
    tasks: Tasks,
    one_cpu: bool,
    cpus: u32,
    /// Whether operations are told of.
    pub(crate) trace: bool,
    /// Operations that were not skipped.
    pub(crate) done: u64,
}

/// The work of an operation. There are fewer embedded items than others, and they have as many methods.
fn selected(a: u8) -> u8 {
    if a >= 192 {
        FIRST_SCOPED + a % SCOPED
    } else {
        a % FIRST_ONCE
    }
}

/// Whether a work has a timer.
fn is_delayed(work: u8) -> bool {
    match work {
        FIRST_FIXED..FIRST_SCOPED => false,
        FIRST_SCOPED..FIRST_ONCE => true,
        _ => work % 2 == 1,
    }
}

fn is_scoped(work: u8) -> bool {
    (FIRST_SCOPED..FIRST_ONCE).contains(&work)
}

fn is_fixed(work: u8) -> bool {
    (FIRST_FIXED..FIRST_SCOPED).contains(&work)
}

/// Whether an item is for BH queues where an item must not be for both.
fn is_for_softirqs(work: u8) -> bool {
    matches!(work, 6 | 7 | 10 | 11)
}

fn none<T>(count: usize) -> Result<KVec<Option<T>>> {
    let mut all = KVec::with_capacity(count, GFP_KERNEL)?;
    for _ in 0..count {
        all.push(None, GFP_KERNEL)?;
    }
    Ok(all)
}

impl World {
    pub(crate) fn new(board: Arc<Board>) -> Result<Self> {
        let cpus = kernel::cpu::nr_cpu_ids();
        let mut world = Self {
            helper: Helper::new(board.clone())?,
            tasks: Tasks::new(board.clone())?,
            board,
            model: Model::new()?,
            things: none(WORKS)?,
            queues: none(usize::from(OWNED))?,
            references: none(REFERENCES)?,
            guards: KVec::with_capacity(GUARDS, GFP_KERNEL)?,
            scoped_on: [None; SCOPED as usize],
            scoped_disabled: [0; SCOPED as usize],
            one_cpu: cpus == 1,
            cpus,
            trace: false,
            done: 0,
        };
        for n in 0..QUEUES - OWNED {
            let (_, pool) = system(n);
            let line = world.model.line_mut(OWNED + n);
            line.exists = true;
            line.pool = pool;
        }
        for n in 0..FIXED {
            world.model.make(FIRST_FIXED + n);
            world.things[usize::from(FIRST_FIXED + n)] = Some(Thing::Fixed(fixed(n)));
        }
        Ok(world)
    }

    /// Begins another program.
    pub(crate) fn begin(&mut self) {
        self.board.look(State::reset);
    }

    /// Executes an operation. Returns whether the task has to return to user mode now.
    pub(crate) fn step(&mut self, op: Op) -> Verdict<bool> {
        let done = self.act(op)?;
        self.settle()?;
        if done {
            self.done += 1;
        }
        // While a signal seems to be pending, all that is waited for is polled.
        let signal = kernel::current!().signal_pending() && op.c % 4 != 0;
        Ok(done && op.verb == Verb::Return || signal)
    }

    /// Prints what the model knows of a work.
    pub(crate) fn describe(&self, op: Op) {
        let work = selected(op.a);
        let state = self.model.work(work);

        pr_err!(
            "work {work}: {:?}, disabled {}, belongs to {:?}, last {:?}, fading {}\n",
            state.place,
            state.disabled,
            state.belongs_to,
            state.last,
            state.fading
        );
        for (queue, entry) in self.model.running(work) {
            pr_err!("work {work}: runs on queue {queue}, {:?}\n", entry);
        }
    }

    /// Prints what is being waited for, and where everything is that is queued or running.
    pub(crate) fn describe_all(&self) {
        let (helper, helped) = self
            .board
            .look(|state| (state.helper_sleeps(), state.has_helped()));
        match (helper, helped) {
            (_, true) => pr_err!("helper: its call has returned\n"),
            (Some(true), _) => pr_err!("helper: sleeps in its call\n"),
            (Some(false), _) => pr_err!("helper: its call goes on\n"),
            (None, _) => pr_err!("helper: makes no call that may wait\n"),
        }
        self.board.look(|state| state.show_helper());
        for (queue, line) in self.model.lines.iter().enumerate() {
            for entry in line.entries.iter() {
                let phase = entry
                    .seat
                    .map(|seat| self.board.look(|state| state.seats[seat].phase));
                pr_err!(
                    "queue {queue}: {:?}, closed {}, {entry:?}, {phase:?}\n",
                    line.pool,
                    line.closed
                );
            }
        }
    }

    fn say(&self, what: core::fmt::Arguments<'_>) {
        if self.trace {
            pr_info!("    {what}\n");
        }
    }

    // What executions do.

    /// Waits until everything has begun that has to, and sees that nothing else has.
    fn settle(&mut self) -> Verdict {
        while let Some((queue, n)) = self.model.next_to_begin() {
            let entry = self.model.line(queue).entries[n];
            let token = self.model.token(entry.work);
            let Some(seat) = self.board.wait(|state| state.begun(token)) else {
                self.say(format_args!("work {} on queue {queue}", entry.work));
                return Err(Violation::new("an item is not executed"));
            };

            self.model.work_mut(entry.work).place = Place::Idle;
            self.model.line_mut(queue).entries[n].seat = Some(seat);
            if self.model.line(queue).pool.is_bh() {
                self.end(queue, entry.serial, seat)?;
            }
        }
        match self.board.look(|state| state.unknown()) {
            Some(token) => {
                pr_err!("executed: work {}\n", token.work);
                Err(Violation::new("an item is executed that must not be"))
            }
            None => Ok(()),
        }
    }

    /// Waits until an execution has ended that can.
    fn end(&mut self, queue: u8, serial: u32, seat: usize) -> Verdict {
        if self.board.wait(|state| state.vacated(seat)).is_none() {
            return Err(Violation::new("an execution does not end"));
        }
        let line = self.model.line_mut(queue);
        let work = line
            .entries
            .iter()
            .find(|e| e.serial == serial)
            .map_or(0, |e| e.work);
        line.entries.retain(|e| e.serial != serial);
        self.model.work_mut(work).fading = true;
        if work >= FIRST_ONCE {
            self.must_be_dropped(work)?;
            self.model.work_mut(work).exists = false;
        }
        self.forget_if_gone(queue);
        Ok(())
    }

    fn must_be_dropped(&self, work: u8) -> Verdict {
        match self.board.look(|state| state.dropped(work)) {
            1 => Ok(()),
            0 => Err(Violation::new(
                "something is not dropped: a reference has leaked",
            )),
            _ => Err(Violation::new("something is dropped twice")),
        }
    }

    fn must_not_be_dropped(&self, work: u8) -> Verdict {
        match self.board.look(|state| state.dropped(work)) {
            0 => Ok(()),
            _ => Err(Violation::new("something is dropped too early")),
        }
    }

    /// A queue without owner is gone with the last of its items.
    fn forget_if_gone(&mut self, queue: u8) {
        if queue >= OWNED || self.queues[usize::from(queue)].is_some() {
            return;
        }
        let line = self.model.line_mut(queue);
        if !line.closed || !line.entries.is_empty() {
            return;
        }
        line.exists = false;
        for reference in self.references.iter_mut().flatten() {
            if reference.1 == Some(queue) {
                reference.1 = None;
            }
        }
        for on in &mut self.scoped_on {
            if *on == Some(queue) {
                *on = None;
            }
        }
    }

    /// Lets an execution go, and waits for its end.
    fn release(&mut self, queue: u8, entry: Entry) -> Verdict {
        let Some(seat) = entry.seat else {
            return Ok(());
        };
        self.say(format_args!(
            "released: work {} on queue {queue}",
            entry.work
        ));
        self.board.release(seat);
        self.end(queue, entry.serial, seat)?;
        self.settle()
    }

    // How operations are made.

    fn queue(&self, selected: u8) -> Option<(QueueRef, Option<u8>)> {
        let selected = selected % (OWNED + OWNED + REFERENCES as u8 + QUEUES - OWNED);

        if selected < 2 * OWNED {
            let queue = selected % OWNED;
            let owned = self.queues[usize::from(queue)].clone()?;
            return Some((QueueRef::Owned(owned), Some(queue)));
        }
        let selected = selected - 2 * OWNED;
        if usize::from(selected) < REFERENCES {
            let (reference, to) = self.references[usize::from(selected)].as_ref()?;
            return Some((QueueRef::Reference(reference.clone()), *to));
        }
        let number = selected - REFERENCES as u8;
        Some((QueueRef::System(system(number).0), Some(OWNED + number)))
    }

    /// Makes a call that does not wait, in the context that `c` chooses.
    fn call(&mut self, call: Call, c: u8, work: Option<u8>) -> Verdict<Report> {
        let report = match c % 8 {
            4 => {
                let _interrupts = local_interrupt_disable();
                Some(call.perform())
            }
            5 => self.helper.call(Context::Softirq, call),
            6 => match self.model.nth_running(c / 8) {
                Some((
                    _,
                    Entry {
                        seat: Some(seat),
                        work: by,
                        ..
                    },
                )) => {
                    self.say(format_args!("by work {by}"));
                    let _ = work;
                    self.board.command(seat, call)
                }
                _ => Some(call.perform()),
            },
            7 => self.helper.call(Context::Worker, call),
            _ => Some(call.perform()),
        };
        report.ok_or(Violation::new("a call does not return that must not wait"))
    }

    /// Makes a call that waits until something has been executed.
    ///
    /// If `provoke`, what it waits for tries to enqueue itself again. Returns the report, and
    /// whether that was accepted while the call was being made.
    fn call_waiting(
        &mut self,
        call: Call,
        until: Until,
        provoke: Option<(u8, bool)>,
    ) -> Verdict<(Report, bool)> {
        let mut accepted = false;
        let mut provoke = provoke;

        self.helper.begin(call)?;
        self.settle()?;
        loop {
            let next = match &until {
                Until::Serials(serials) => serials
                    .iter()
                    .find_map(|s| self.model.has_serial(*s).map(|queue| (queue, Some(*s)))),
                Until::Line(queue) => self
                    .model
                    .line(*queue)
                    .entries
                    .first()
                    .map(|e| (*queue, Some(e.serial))),
            };
            let Some((queue, serial)) = next else {
                break;
            };
            if self.board.look(|state| state.has_helped()) {
                return Err(Violation::new("it has not waited for what is running"));
            }
            let entries = &self.model.line(queue).entries;
            let entry = entries
                .iter()
                .find(|e| e.seat.is_some() && Some(e.serial) == serial)
                .or_else(|| entries.iter().find(|e| e.seat.is_some()))
                .copied();
            let (queue, entry) = match entry {
                Some(entry) => (queue, entry),
                // What is first may wait for an execution of the same item for another queue.
                None => {
                    let found = entries
                        .iter()
                        .find_map(|e| self.model.running(e.work).next());
                    let found = found.map(|(queue, entry)| (queue, *entry));
                    found.ok_or(Violation::new("the model is stuck"))?
                }
            };
            if let (Some((work, takes_back)), Some(seat)) = (provoke, entry.seat) {
                if entry.work == work {
                    provoke = None;
                    accepted |= self.provoke(queue, work, seat, takes_back)?;
                }
            }
            self.release(queue, entry)?;
        }
        match self.board.wait(|state| state.take_help()) {
            Some(report) => Ok((report, accepted)),
            None => Err(Violation::new(
                "it does not return, though all has been executed",
            )),
        }
    }

    /// An item enqueues itself while something waits for it. Whether that is accepted depends on how
    /// far the other is.
    fn provoke(&mut self, queue: u8, work: u8, seat: usize, takes_back: bool) -> Verdict<bool> {
        let Some(thing) = self.things[usize::from(work)].clone() else {
            return Ok(false);
        };
        let target = if queue < OWNED {
            match &self.queues[usize::from(queue)] {
                Some(owned) => QueueRef::Reference(ARef::from(&**owned)),
                None => return Ok(false),
            }
        } else {
            QueueRef::System(system(queue - OWNED).0)
        };
        if self.model.work(work).place != Place::Idle {
            return Ok(false);
        }

        let call = Call::new(Action::Enqueue).thing(thing).queue(target);
        let Some(report) = self.board.command(seat, call) else {
            return Err(Violation::new("an enqueue does not return"));
        };
        self.say(format_args!(
            "work {work} enqueues itself: {:?}",
            report.outcome
        ));
        match report.outcome {
            Outcome::Done => {
                if self.model.work(work).disabled > u32::from(takes_back) {
                    return Err(Violation::new("a disabled item is enqueued"));
                }
                if !takes_back {
                    self.model.push(queue, work);
                }
                Ok(true)
            }
            Outcome::Refused(e) if e == EBUSY && takes_back => Ok(false),
            Outcome::Refused(e) if e == EBUSY && self.model.work(work).disabled > 0 => Ok(false),
            Outcome::Refused(e) if e == ESHUTDOWN && self.model.line(queue).closed => Ok(false),
            got => Err(Violation {
                what: "an item that enqueues itself got a wrong result",
                expected: None,
                got: Some(got),
            }),
        }
    }

    // Operations.

    /// Returns whether there was anything to be done.
    fn act(&mut self, op: Op) -> Verdict<bool> {
        let Op { verb, a, b, c } = op;

        match verb {
            Verb::NewQueue => self.new_queue(a, b),
            Verb::DropQueue => self.end_queue(a, c, Action::DropQueue),
            Verb::Shutdown => self.end_queue(a, c, Action::Shutdown),
            Verb::DropQueueByItem => self.drop_queue_by_item(a, b),
            Verb::FlushQueue => self.flush_queue(a),
            Verb::Refer => Ok(self.refer(a, b)),
            Verb::NewItem => self.new_item(a),
            Verb::NewScoped => self.new_scoped(a, b),
            Verb::DropScoped => self.drop_scoped(a),
            Verb::Enqueue => self.enqueue(op, Action::Enqueue),
            Verb::EnqueueOn => self.enqueue(op, Action::EnqueueOn(u32::from(c >> 3) % self.cpus)),
            Verb::EnqueueDelayed => self.enqueue(op, Action::EnqueueDelayed(wait(c))),
            Verb::ModDelayed => self.enqueue(op, Action::ModDelayed(wait(c))),
            Verb::Cancel => self.look(op, Action::Cancel),
            Verb::IsPending => self.look(op, Action::IsPending),
            Verb::IsBusy => self.look(op, Action::IsBusy),
            Verb::Remaining => self.look(op, Action::Remaining),
            Verb::Disable => self.look(op, Action::Disable),
            Verb::CancelSync => self.wait_for_work(op, Action::CancelSync),
            Verb::DisableSync => self.wait_for_work(op, Action::DisableSync),
            Verb::Stop => self.wait_for_work(op, Action::Stop),
            Verb::Flush => self.flush(op, Action::Flush),
            Verb::FlushQueued => self.flush(op, Action::FlushQueued),
            Verb::Enable => self.enable(op),
            Verb::MakeHandle => self.make_handle(op),
            Verb::DropHandle => self.drop_handle(op),
            Verb::Once => self.once(op),
            Verb::Scope => self.scope(a, b),
            Verb::Release => match self.model.nth_running(a) {
                Some((queue, entry)) => self.release(queue, entry).map(|()| true),
                None => Ok(false),
            },
            Verb::TaskAdd => self.tasks.add(a, b).map(|()| true),
            Verb::TaskSpawn => self.tasks.spawn(a, b),
            Verb::TaskCancel => self.tasks.cancel(a).map(|()| true),
            Verb::TaskPending => self.tasks.is_pending(a).map(|()| true),
            Verb::Return => Ok(true),
        }
    }

    /// The task was in user mode.
    pub(crate) fn returned(&mut self) -> Verdict {
        self.tasks.returned()
    }
}

fn is_handle(guard: &Guard) -> bool {
    matches!(
        guard,
        Guard::HandlePlain(_)
            | Guard::HandleDelayed(_)
            | Guard::HandleCountedPlain(_)
            | Guard::HandleCountedDelayed(_)
    )
}

/// Most delays are zero or long, as short ones take time.
fn wait(c: u8) -> Wait {
    match c >> 3 {
        0..=12 => Wait::Hour,
        31 => Wait::Jiffy,
        _ => Wait::Zero,
    }
}

fn eventually(what: &'static str, is: impl Fn() -> bool) -> Verdict {
    let mut patience = Patience::new();

    while !is() {
        if patience.is_over() {
            return Err(Violation::new(what));
        }
        fsleep(Delta::from_millis(1));
    }
    Ok(())
}

const KINDS: u8 = 14;

/// Makes a queue: it, its pool, and how many of its items are executed at once.
///
/// An unbound queue that is not ordered has a line for each CPU on which items are enqueued. If it has
/// a limit, it is not known which of the lines goes on, so that it has none if there are several CPUs.
fn build(kind: u8, one_cpu: bool) -> (Result<OwnedQueue>, Pool, usize) {
    let all = usize::MAX;
    let name = c"random";

    match kind % KINDS {
        2 | 3 if !one_cpu => (Queue::new_unbound().build(name), Pool::Unbound, all),
        0 => (Queue::new_percpu().build(name), Pool::Percpu, all),
        1 => (Queue::new_unbound().build(name), Pool::Unbound, all),
        2 => (
            Queue::new_unbound().max_active(1).build(name),
            Pool::Unbound,
            1,
        ),
        3 => (
            Queue::new_unbound().max_active(2).build(name),
            Pool::Unbound,
            2,
        ),
        4 | 5 => (Queue::new_ordered().build(name), Pool::Unbound, 1),
        6 => (
            Queue::new_ordered().highpri().mem_reclaim().build(name),
            Pool::UnboundHigh,
            1,
        ),
        7 => (Queue::new_power_efficient().build(name), Pool::Percpu, all),
        8 => (Queue::new_bh().build(name), Pool::Bh, all),
        9 => (Queue::new_bh().highpri().build(name), Pool::BhHigh, all),
        10 => (
            Queue::new_percpu().highpri().build(name),
            Pool::PercpuHigh,
            all,
        ),
        11 => (
            Queue::new_percpu().cpu_intensive().freezable().build(name),
            Pool::Percpu,
            all,
        ),
        12 => (
            Queue::new_unbound().highpri().freezable().build(name),
            Pool::UnboundHigh,
            all,
        ),
        _ => (
            Queue::new_ordered().build_fmt(fmt!("random-{kind}")),
            Pool::Unbound,
            1,
        ),
    }
}

/// The queues of the system.
fn system(number: u8) -> (&'static Queue, Pool) {
    match number {
        0 => (workqueue::system_percpu(), Pool::Percpu),
        1 => (workqueue::system_dfl(), Pool::Unbound),
        2 => (workqueue::system_dfl_long(), Pool::Unbound),
        3 => (workqueue::system_highpri(), Pool::PercpuHigh),
        4 => (workqueue::system_long(), Pool::Percpu),
        5 => (workqueue::system_freezable(), Pool::Percpu),
        6 => (workqueue::system_power_efficient(), Pool::Percpu),
        7 => (workqueue::system_freezable_power_efficient(), Pool::Percpu),
        8 => (workqueue::system_unbound(), Pool::Unbound),
        9 => (workqueue::system_bh(), Pool::Bh),
        _ => (workqueue::system_bh_highpri(), Pool::BhHigh),
    }
}
