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

    fn new_queue(&mut self, a: u8, b: u8) -> Verdict<bool> {
        let queue = a % OWNED;
        if self.model.line(queue).exists {
            return Ok(false);
        }
        let (owned, pool, limit) = build(b);
        match owned.and_then(|owned| Ok(Arc::new(owned, GFP_KERNEL)?)) {
            Ok(owned) => self.queues[usize::from(queue)] = Some(owned),
            Err(e) if e == ENOMEM => return Ok(false),
            Err(e) => {
                return Err(Violation {
                    what: "a queue cannot be made",
                    expected: None,
                    got: Some(Outcome::Refused(e)),
                })
            }
        }
        self.say(format_args!("queue {queue}: kind {}", b % KINDS));
        let line = self.model.line_mut(queue);
        line.exists = true;
        line.closed = false;
        line.owned = true;
        line.pool = pool;
        line.limit = limit;
        Ok(true)
    }

    /// Once-items that were delayed on a queue that has been closed.
    fn once_delayed_on(&self, queue: u8) -> [bool; WORKS] {
        core::array::from_fn(|work| {
            let state = &self.model.works[work];
            work >= FIRST_ONCE.into() && state.exists && state.place == Place::Delayed(queue)
        })
    }

    fn drop_once(&mut self, works: &[bool; WORKS]) -> Verdict {
        for work in (FIRST_ONCE..WORKS as u8).filter(|work| works[usize::from(*work)]) {
            if self
                .board
                .wait(|state| (state.dropped(work) > 0).then_some(()))
                .is_none()
            {
                return Err(Violation::new(
                    "what was delayed on a queue is not dropped with it",
                ));
            }
            self.must_be_dropped(work)?;
            self.model.work_mut(work).exists = false;
        }
        Ok(())
    }

    fn end_queue(&mut self, a: u8, c: u8, action: Action) -> Verdict<bool> {
        let queue = a % OWNED;
        let Some(owned) = self.queues[usize::from(queue)].clone() else {
            return Ok(false);
        };
        if action == Action::DropQueue {
            self.queues[usize::from(queue)] = None;
        }
        let once = self.once_delayed_on(queue);
        self.model.close(queue, false);
        let provoke = self
            .model
            .line(queue)
            .entries
            .iter()
            .find(|e| e.seat.is_some() && e.work < FIRST_ONCE)
            .map(|e| (e.work, false))
            .filter(|_| c & 1 == 1);

        let call = Call::new(action).queue(QueueRef::Owned(owned));
        let (report, _) = self.call_waiting(call, Until::Line(queue), provoke)?;
        Expected::Is(Outcome::Done).check(report.outcome)?;
        self.drop_once(&once)?;
        self.forget_if_gone(queue);
        Ok(true)
    }

    fn drop_queue_by_item(&mut self, a: u8, b: u8) -> Verdict<bool> {
        let queue = a % OWNED;
        if self.queues[usize::from(queue)].is_none() || self.model.line(queue).closed {
            return Ok(false);
        }
        let count = self.model.line(queue).entries.len().max(1);
        let entry = self.model.line(queue).entries.get(usize::from(b) % count);
        let Some(Entry {
            seat: Some(seat), ..
        }) = entry.copied()
        else {
            return Ok(false);
        };
        let once = self.once_delayed_on(queue);
        let delayed: [bool; WORKS] = core::array::from_fn(|work| {
            self.model.works[work].place == Place::Delayed(queue) && work < FIRST_ONCE.into()
        });
        let Some(owned) = self.queues[usize::from(queue)].take() else {
            return Ok(false);
        };
        self.model.close(queue, true);

        let call = Call::new(Action::DropQueue).queue(QueueRef::Owned(owned));
        let Some(report) = self.board.command(seat, call) else {
            return Err(Violation::new(
                "the drop of a queue by its item does not return",
            ));
        };
        Expected::Is(Outcome::Done).check(report.outcome)?;
        for work in (0..FIRST_ONCE).filter(|w| delayed[usize::from(*w)]) {
            if let Some(thing) = &self.things[usize::from(work)] {
                eventually(
                    "an item stays delayed on a queue that its item has dropped",
                    || !thing.is_pending(),
                )?;
            }
        }
        self.drop_once(&once)?;
        Ok(true)
    }

    fn flush_queue(&mut self, a: u8) -> Verdict<bool> {
        let queue = a % OWNED;
        let Some(owned) = self.queues[usize::from(queue)].clone() else {
            return Ok(false);
        };
        let mut serials = Serials::new();
        for entry in &self.model.line(queue).entries {
            serials.push(entry.serial);
        }
        let call = Call::new(Action::FlushQueue).queue(QueueRef::Owned(owned));
        let (report, _) = self.call_waiting(call, Until::Serials(serials), None)?;
        Expected::Is(Outcome::Done).check(report.outcome)?;
        Ok(true)
    }

    fn refer(&mut self, a: u8, b: u8) -> bool {
        let queue = a % OWNED;
        let Some(owned) = &self.queues[usize::from(queue)] else {
            return false;
        };
        self.references[usize::from(b) % REFERENCES] = Some((ARef::from(&**owned), Some(queue)));
        true
    }

    fn payload(&mut self, work: u8) -> Payload {
        self.model.work_mut(work).generation += 1;
        self.board.look(|state| state.reset_drop(work));
        Payload {
            board: self.board.clone(),
            token: self.model.token(work),
        }
    }

    /// Whether nothing but this has a pointer to an item.
    fn is_unused(&self, work: u8) -> bool {
        self.model.work(work).place == Place::Idle
            && self.model.running(work).next().is_none()
            && !self.guards.iter().any(|(guarded, _)| *guarded == work)
    }

    fn new_item(&mut self, a: u8) -> Verdict<bool> {
        let number = a % (SHARED + COUNTED);
        let work = 2 * number;

        if self.model.work(work).exists {
            // Replaced only if it is of no use any more, or now and then.
            let used_up =
                self.model.work(work).disabled > 0 || self.model.work(work + 1).disabled > 0;
            if !self.is_unused(work) || !self.is_unused(work + 1) || !(used_up || a > 192) {
                return Ok(false);
            }
            self.drop_item(work)?;
        }
        let payload = self.payload(work);
        self.model.work_mut(work + 1).generation = self.model.work(work).generation;
        let (plain, delayed) = if number < SHARED {
            match Shared::new(payload, is_for_softirqs(work)) {
                Ok(item) => (Thing::Plain(item.clone()), Thing::Delayed(item)),
                Err(_) => return Ok(false),
            }
        } else {
            match Counted::new(payload, is_for_softirqs(work)) {
                Ok(item) => (
                    Thing::CountedPlain(item.clone()),
                    Thing::CountedDelayed(item),
                ),
                Err(_) => return Ok(false),
            }
        };
        self.things[usize::from(work)] = Some(plain);
        self.things[usize::from(work) + 1] = Some(delayed);
        self.model.make(work);
        self.model.make(work + 1);
        Ok(true)
    }

    fn drop_item(&mut self, work: u8) -> Verdict {
        self.must_not_be_dropped(work)?;
        self.things[usize::from(work)] = None;
        self.things[usize::from(work) + 1] = None;
        self.model.work_mut(work).exists = false;
        self.model.work_mut(work + 1).exists = false;
        self.must_be_dropped(work)
    }

    fn new_scoped(&mut self, a: u8, b: u8) -> Verdict<bool> {
        let number = a % SCOPED;
        let work = FIRST_SCOPED + number;
        if self.model.work(work).exists {
            return Ok(false);
        }
        let Some((queue, on)) = self.queue(b) else {
            return Ok(false);
        };
        let payload = self.payload(work);
        let softirq = on.is_some_and(|on| self.model.line(on).pool.is_bh());
        match Owner::new(&queue, payload, softirq) {
            Ok(owner) => self.things[usize::from(work)] = Some(Thing::Scoped(owner)),
            Err(_) => return Ok(false),
        }
        self.scoped_on[usize::from(number)] = on;
        self.scoped_disabled[usize::from(number)] = 0;
        self.model.make(work);
        Ok(true)
    }

    fn drop_scoped(&mut self, a: u8) -> Verdict<bool> {
        let number = a % SCOPED;
        let work = FIRST_SCOPED + number;
        let Some(thing) = self.things[usize::from(work)].take() else {
            return Ok(false);
        };
        self.must_not_be_dropped(work)?;
        self.model.take_back(work);
        let serials = self.running(work, None);
        let call = Call::new(Action::DropThing).thing(thing);
        let (report, _) = self.call_waiting(call, Until::Serials(serials), None)?;
        Expected::Is(Outcome::Done).check(report.outcome)?;
        self.must_be_dropped(work)?;
        self.model.work_mut(work).exists = false;
        Ok(true)
    }

    /// The executions of a work, or those by one pool.
    fn running(&self, work: u8, pool: Option<Pool>) -> Serials {
        let mut serials = Serials::new();
        for (queue, entry) in self.model.running(work) {
            if pool.is_none_or(|pool| self.model.line(queue).pool == pool) {
                serials.push(entry.serial);
            }
        }
        serials
    }

    /// A work that exists, but for those that are executed once.
    fn work(&self, a: u8) -> Option<(u8, Thing)> {
        let work = selected(a);
        self.things[usize::from(work)]
            .clone()
            .map(|thing| (work, thing))
    }

    /// The queue of an operation, and which one that is.
    fn target(&self, work: u8, b: u8) -> Option<(Option<QueueRef>, Option<u8>)> {
        if is_scoped(work) {
            return Some((None, self.scoped_on[usize::from(work - FIRST_SCOPED)]));
        }
        let (queue, on) = self.queue(b)?;
        Some((Some(queue), on))
    }

    /// With several CPUs, it is not known which pool an item gets into.
    fn is_known(&self, work: u8, queue: u8) -> bool {
        self.one_cpu
            || self.model.running(work).all(|(on, _)| {
                on == queue && self.model.work(work).last == Some(self.model.line(on).pool)
            })
    }

    fn enqueue(&mut self, op: Op, action: Action) -> Verdict<bool> {
        let Some((work, thing)) = self.work(op.a) else {
            return Ok(false);
        };
        let delayed = matches!(action, Action::EnqueueDelayed(_) | Action::ModDelayed(_));
        if delayed && !is_delayed(work) {
            return Ok(false);
        }
        let Some((queue, on)) = self.target(work, op.b) else {
            return Ok(false);
        };
        let on = on.filter(|on| self.model.is_open(*on));
        if let Some(on) = on {
            let bh = self.model.line(on).pool.is_bh();
            let mixed = cfg!(CONFIG_LOCKDEP) && !is_scoped(work) && bh != is_for_softirqs(work);
            if !self.is_known(work, on) || bh && is_fixed(work) || mixed {
                return Ok(false);
            }
            // It would be there for an instant only, and might be executed before it is looked at.
            if self.board.look(|state| {
                state
                    .seats
                    .iter()
                    .filter(|s| s.phase != crate::board::Phase::Free)
                    .count()
            }) + 8
                > SEATS
            {
                return Ok(false);
            }
        }
        self.say(format_args!("{action:?} work {work} on queue {on:?}"));

        // What must come of it, and where the item is then.
        let place = self.model.work(work).place;
        let pending = place != Place::Idle;
        let disabled = self.model.work(work).disabled > 0;
        let mut moved = false;
        let expected = match (on, action) {
            (None, _) => Outcome::Refused(ESHUTDOWN),
            (Some(on), _) if delayed && !self.model.adopt(on, work) => Outcome::Refused(EXDEV),
            _ if disabled => Outcome::Refused(EBUSY),
            (_, Action::ModDelayed(_)) => {
                moved = true;
                if pending {
                    Outcome::Modified
                } else {
                    Outcome::Done
                }
            }
            _ if pending => Outcome::Refused(EBUSY),
            _ => {
                moved = true;
                Outcome::Done
            }
        };
        let short = matches!(
            action,
            Action::EnqueueDelayed(Wait::Jiffy) | Action::ModDelayed(Wait::Jiffy)
        );
        if let (Some(on), true) = (on, moved) {
            let bh = self.model.line(on).pool.is_bh();
            self.model.take_back(work);
            self.board.look(|state| state.gate(work, !bh));
            match action {
                Action::EnqueueDelayed(Wait::Zero) | Action::ModDelayed(Wait::Zero) => {
                    self.model.push(on, work)
                }
                Action::EnqueueDelayed(_) | Action::ModDelayed(_) => {
                    self.model.work_mut(work).place = Place::Delayed(on)
                }
                _ => self.model.push(on, work),
            }
        }

        let mut patience = Patience::new();
        let outcome = loop {
            let mut call = Call::new(action).thing(thing.clone());
            call.queue = queue.clone();
            let outcome = self.call(call, op.c, Some(work))?.outcome;
            // Somebody else is about to destroy the queue to which it belongs.
            if outcome == Outcome::Refused(EXDEV)
                && self.model.work(work).may_belong
                && !patience.is_over()
            {
                fsleep(Delta::from_millis(1));
                continue;
            }
            break outcome;
        };
        if delayed && outcome != Outcome::Refused(ESHUTDOWN) {
            self.model.work_mut(work).may_belong = false;
        }
        Expected::Is(expected).check(outcome)?;

        if let (Some(on), true, true) = (on, moved, short) {
            self.expire(work, on, &thing)?;
        }
        Ok(true)
    }

    /// Waits until a short delay has passed.
    fn expire(&mut self, work: u8, on: u8, thing: &Thing) -> Verdict {
        match thing {
            Thing::Delayed(item) => eventually("a delay does not end", || {
                item.delayed.remaining().is_none()
            })?,
            Thing::CountedDelayed(item) => eventually("a delay does not end", || {
                item.delayed.remaining().is_none()
            })?,
            _ => fsleep(Delta::from_millis(60)),
        }
        self.model.push(on, work);
        self.settle()
    }

    /// What does not wait, and needs no queue.
    fn look(&mut self, op: Op, action: Action) -> Verdict<bool> {
        let Some((work, thing)) = self.work(op.a) else {
            return Ok(false);
        };
        let is = |yes: bool| Expected::Is(yes.into());
        let place = self.model.work(work).place;
        let pending = place != Place::Idle;
        let mut clear_fading = false;

        let expected = match action {
            Action::Cancel => is(self.model.take_back(work)),
            Action::Disable => {
                if !is_scoped(work) && self.guards.len() == GUARDS {
                    return Ok(false);
                }
                self.model.work_mut(work).disabled += 1;
                if is_scoped(work) {
                    self.scoped_disabled[usize::from(work - FIRST_SCOPED)] += 1;
                }
                is(self.model.take_back(work))
            }
            Action::IsPending => is(pending),
            Action::IsBusy => {
                let busy = pending || self.is_running_in_last_pool(work);
                if !busy && self.model.work(work).fading {
                    clear_fading = true;
                    Expected::Either(Outcome::No, Outcome::Yes)
                } else {
                    is(busy)
                }
            }
            _ => match (place, is_delayed(work) && !is_scoped(work)) {
                (_, false) => return Ok(false),
                (Place::Delayed(_), true) => Expected::LongDelay,
                _ => Expected::Is(Outcome::Left(None)),
            },
        };
        self.say(format_args!("{action:?} work {work}"));
        let report = self.call(Call::new(action).thing(thing), op.c, Some(work))?;
        expected.check(report.outcome)?;
        if clear_fading && report.outcome == Outcome::No {
            self.model.work_mut(work).fading = false;
        }
        self.keep(work, report);
        Ok(true)
    }

    fn is_running_in_last_pool(&self, work: u8) -> bool {
        let last = self.model.work(work).last;
        self.model
            .running(work)
            .any(|(queue, _)| Some(self.model.line(queue).pool) == last)
    }

    fn keep(&mut self, work: u8, report: Report) {
        if let Some(guard) = report.guard {
            // There is room.
            let _ = self.guards.push_within_capacity((work, guard));
        }
    }

    /// Cancels, disables or stops an item, and waits for it.
    fn wait_for_work(&mut self, op: Op, action: Action) -> Verdict<bool> {
        let Some((work, thing)) = self.work(op.a) else {
            return Ok(false);
        };
        let disables = action != Action::CancelSync;
        if disables && self.guards.len() == GUARDS || action == Action::Stop && is_fixed(work) {
            return Ok(false);
        }
        let pool = match action {
            Action::Stop => None,
            _ => self.model.work(work).last,
        };
        let serials = match (action, pool) {
            (Action::Stop, _) | (_, Some(_)) => self.running(work, pool),
            _ => Serials::new(),
        };
        let pending = self.model.take_back(work);
        if disables {
            self.model.work_mut(work).disabled += 1;
        }
        if action == Action::DisableSync && is_scoped(work) {
            self.scoped_disabled[usize::from(work - FIRST_SCOPED)] += 1;
        }
        self.say(format_args!("{action:?} work {work}"));

        // An item may stop itself, and goes on then, unless it is also running on another queue.
        let mut running = self.model.running(work);
        let own = running.next().and_then(|(_, entry)| entry.seat);
        let own = own.filter(|_| running.next().is_none());
        if let (Action::Stop, Some(seat), true) = (action, own, op.c & 3 == 0) {
            let Some(report) = self.board.command(seat, Call::new(action).thing(thing)) else {
                return Err(Violation::new("an item that stops itself waits"));
            };
            return self
                .taken_back(work, action, pending)
                .check(report.outcome)
                .map(|()| true);
        }

        let provoke = (op.c & 4 == 4).then_some((work, true));
        let provoke = provoke.filter(|_| self.model.work(work).disabled == u32::from(disables));
        let call = Call::new(action).thing(thing);
        let (report, accepted) = self.call_waiting(call, Until::Serials(serials), provoke)?;
        self.taken_back(work, action, pending || accepted)
            .check(report.outcome)?;
        if pool.is_none() {
            self.model.work_mut(work).fading = false;
        }
        self.keep(work, report);
        Ok(true)
    }

    fn taken_back(&self, work: u8, action: Action, pending: bool) -> Expected {
        Expected::Is(if action == Action::Stop && is_scoped(work) {
            Outcome::Done
        } else {
            pending.into()
        })
    }

    fn flush(&mut self, op: Op, action: Action) -> Verdict<bool> {
        let Some((work, thing)) = self.work(op.a) else {
            return Ok(false);
        };
        let action = match action {
            Action::FlushQueued if !is_delayed(work) || is_scoped(work) => return Ok(false),
            action => action,
        };
        let mut instant = false;
        if let (Place::Delayed(queue), Action::Flush) = (self.model.work(work).place, action) {
            // It may be over before it is waited for.
            instant = self.model.line(queue).pool.is_bh();
            self.model.work_mut(work).place = Place::Idle;
            self.model.push(queue, work);
        }
        let serials = match (self.model.work(work).place, self.model.work(work).last) {
            (Place::Queued(queue), _) => {
                let entries = &self.model.line(queue).entries;
                let queued = entries.iter().find(|e| e.work == work && e.seat.is_none());
                let mut serials = Serials::new();
                if let Some(entry) = queued {
                    serials.push(entry.serial);
                }
                serials
            }
            (_, Some(pool)) => self.running(work, Some(pool)),
            _ => Serials::new(),
        };
        self.say(format_args!("{action:?} work {work}"));
        let waits = !serials.is_empty();
        let fading = self.model.work(work).fading;
        let provoke = (op.c & 4 == 4).then_some((work, false));
        let provoke = provoke.filter(|_| self.model.work(work).place == Place::Idle);

        let call = Call::new(action).thing(thing);
        let (report, _) = self.call_waiting(call, Until::Serials(serials), provoke)?;
        let expected = if is_scoped(work) {
            Expected::Is(Outcome::Done)
        } else if !waits && fading || instant {
            Expected::Either(Outcome::No, Outcome::Yes)
        } else {
            Expected::Is(waits.into())
        };
        expected.check(report.outcome)?;
        Ok(true)
    }

    fn enable(&mut self, op: Op) -> Verdict<bool> {
        // Embedded items are enabled by number, the others with what keeps them disabled.
        if op.a % 4 == 0 {
            let number = op.b % SCOPED;
            let work = FIRST_SCOPED + number;
            let Some(thing) = self.things[usize::from(work)].clone() else {
                return Ok(false);
            };
            let count = &mut self.scoped_disabled[usize::from(number)];
            let any = *count > 0;
            if any {
                *count -= 1;
                self.model.work_mut(work).disabled -= 1;
            }
            self.say(format_args!("Enable work {work}"));
            let report = self.call(Call::new(Action::Enable).thing(thing), op.c, Some(work))?;
            return Expected::Is(any.into())
                .check(report.outcome)
                .map(|()| true);
        }
        let Some(n) = self.nth_guard(op.b, false) else {
            return Ok(false);
        };
        let Ok((work, guard)) = self.guards.remove(n) else {
            return Ok(false);
        };
        self.model.work_mut(work).disabled -= 1;
        self.say(format_args!("Enable work {work}"));
        let mut call = Call::new(if op.a % 4 == 1 {
            Action::DropGuard
        } else {
            Action::Enable
        });
        call.thing = self.things[usize::from(work)].clone();
        call.guard = Some(guard);
        let report = self.call(call, op.c, Some(work))?;
        Expected::Is(Outcome::Done)
            .check(report.outcome)
            .map(|()| true)
    }

    /// The place of a handle, or of what keeps an item disabled.
    fn nth_guard(&self, n: u8, handle: bool) -> Option<usize> {
        let all = || {
            self.guards
                .iter()
                .enumerate()
                .filter(|(_, (_, guard))| is_handle(guard) == handle)
        };
        let count = all().count();
        if count == 0 {
            return None;
        }
        all().nth(usize::from(n) % count).map(|(n, _)| n)
    }

    fn make_handle(&mut self, op: Op) -> Verdict<bool> {
        let Some((work, thing)) = self.work(op.a) else {
            return Ok(false);
        };
        if work >= FIRST_FIXED || self.guards.len() == GUARDS {
            return Ok(false);
        }
        let report = self.call(Call::new(Action::MakeHandle).thing(thing), op.c, Some(work))?;
        Expected::Is(Outcome::Done).check(report.outcome)?;
        self.keep(work, report);
        Ok(true)
    }

    fn drop_handle(&mut self, op: Op) -> Verdict<bool> {
        let Some(n) = self.nth_guard(op.b, true) else {
            return Ok(false);
        };
        let work = self.guards[n].0;
        let serials = self.running(work, None);
        let Ok((_, guard)) = self.guards.remove(n) else {
            return Ok(false);
        };
        self.model.take_back(work);
        self.model.work_mut(work).disabled += 1;
        self.say(format_args!("drop the handle of work {work}"));
        let mut call = Call::new(Action::DropGuard);
        call.guard = Some(guard);

        let own = self.model.running(work).next().and_then(|(_, e)| e.seat);
        if let (Some(seat), true) = (own, op.c & 3 == 0) {
            let Some(report) = self.board.command(seat, call) else {
                return Err(Violation::new("an item that drops its handle waits"));
            };
            return Expected::Is(Outcome::Done)
                .check(report.outcome)
                .map(|()| true);
        }
        let provoke = (op.c & 4 == 4).then_some((work, true));
        let provoke = provoke.filter(|_| self.model.work(work).disabled == 1);
        let (report, _) = self.call_waiting(call, Until::Serials(serials), provoke)?;
        Expected::Is(Outcome::Done)
            .check(report.outcome)
            .map(|()| true)
    }

    fn free_once(&self) -> Option<u8> {
        (FIRST_ONCE..WORKS as u8).find(|work| !self.model.work(*work).exists)
    }

    fn once(&mut self, op: Op) -> Verdict<bool> {
        let Some(work) = self.free_once() else {
            return Ok(false);
        };
        let Some((queue, on)) = self.queue(op.b) else {
            return Ok(false);
        };
        let on = on.filter(|on| self.model.is_open(*on));
        let kind = match op.a % 6 {
            0 => Once::Closure,
            1 => Once::ClosureInModule,
            2 => Once::ClosureDelayed,
            3 => Once::Boxed,
            4 => Once::BoxedDelayed,
            _ => Once::DeferredDrop,
        };
        let mut wait = wait(op.c);
        // Nothing could end the delay on a queue of the system.
        if wait == Wait::Hour && on.is_some_and(|on| on >= OWNED) {
            wait = Wait::Zero;
        }
        let delayed = matches!(kind, Once::ClosureDelayed | Once::BoxedDelayed);
        let bh = on.is_some_and(|on| self.model.line(on).pool.is_bh());

        let payload = self.payload(work);
        self.model.make(work);
        // What is refused is dropped at once, without a gate.
        self.board
            .look(|state| state.gate(work, !bh && on.is_some()));
        self.say(format_args!(
            "{kind:?} {wait:?} work {work} on queue {on:?}"
        ));
        let mut call = Call::new(Action::Once(kind, wait)).queue(queue);
        call.payload = Some(payload);
        call.softirq = bh;
        // Boxes are allocated with GFP_KERNEL.
        let boxed = matches!(kind, Once::Boxed | Once::BoxedDelayed);
        let c = if boxed && matches!(op.c % 8, 4 | 5) {
            0
        } else {
            op.c
        };
        if matches!(c % 8, 4 | 5) {
            call.flags = GFP_ATOMIC;
        }
        let report = self.call(call, c, None)?;
        let gone = match (kind, on) {
            (Once::DeferredDrop, None) => {
                Expected::Either(Outcome::Done, Outcome::Refused(ENOMEM)).check(report.outcome)?;
                // Its destructor was executed by this thread, which has told of it.
                if report.outcome == Outcome::Done {
                    let token = self.model.token(work);
                    let Some(seat) = self.board.look(|state| state.begun(token)) else {
                        return Err(Violation::new("a refused value is not dropped at once"));
                    };
                    if self.board.wait(|state| state.vacated(seat)).is_none() {
                        return Err(Violation::new("a destructor does not end"));
                    }
                }
                true
            }
            (_, None) => {
                Expected::Either(Outcome::Refused(ESHUTDOWN), Outcome::Refused(ENOMEM))
                    .check(report.outcome)?;
                true
            }
            _ => {
                Expected::Either(Outcome::Done, Outcome::Refused(ENOMEM)).check(report.outcome)?;
                report.outcome != Outcome::Done
            }
        };
        if gone {
            self.must_be_dropped(work)?;
            self.model.work_mut(work).exists = false;
            self.board.look(|state| state.gate(work, true));
            return Ok(true);
        }
        let Some(on) = on else {
            return Ok(true);
        };
        match (delayed, wait) {
            (true, Wait::Hour) => {
                self.model.work_mut(work).place = Place::Delayed(on);
                self.must_not_be_dropped(work)?;
            }
            (true, Wait::Jiffy) => {
                fsleep(Delta::from_millis(40));
                self.model.push(on, work);
            }
            _ => self.model.push(on, work),
        }
        Ok(true)
    }

    fn scope(&mut self, a: u8, b: u8) -> Verdict<bool> {
        let queue = a % OWNED;
        let Some(owned) = self.queues[usize::from(queue)].clone() else {
            return Ok(false);
        };
        let open = self.model.is_open(queue);
        let bh = self.model.line(queue).pool.is_bh();
        let mut call = Call::new(Action::Scope(b % 4)).queue(QueueRef::Owned(owned));
        call.softirq = bh;
        let mut serials = Serials::new();
        let mut works = KVec::new();

        if call.more.reserve(4, GFP_KERNEL).is_err() || works.reserve(4, GFP_KERNEL).is_err() {
            return Ok(false);
        }
        for _ in 0..b % 4 {
            let Some(work) = self.free_once() else {
                break;
            };
            let payload = self.payload(work);
            self.model.make(work);
            self.board.look(|state| state.gate(work, !bh));
            let _ = call.more.push_within_capacity(payload);
            let _ = works.push_within_capacity(work);
            if open {
                self.model.push(queue, work);
                if let Some(entry) = self.model.line(queue).entries.last() {
                    serials.push(entry.serial);
                }
            }
        }
        self.say(format_args!(
            "a scope with {} closures on queue {queue}",
            works.len()
        ));
        let expected = if open || works.is_empty() {
            Outcome::Done
        } else {
            Outcome::Refused(ESHUTDOWN)
        };
        let (report, _) = self.call_waiting(call, Until::Serials(serials), None)?;
        Expected::Is(expected).check(report.outcome)?;
        for work in works {
            self.must_be_dropped(work)?;
            self.model.work_mut(work).exists = false;
        }
        Ok(true)
    }

    /// The task is going to use this no more.
    pub(crate) fn leave(&self) {
        self.tasks.flush();
    }

    /// Ends a program: afterwards nothing is left, and nothing has leaked.
    pub(crate) fn finish(&mut self, order: u32) -> Verdict {
        for part in 0..4 {
            match (part + order) % 4 {
                0 => self.finish_executions()?,
                1 => self.finish_guards()?,
                2 => self.finish_queues()?,
                _ => self.finish_scoped()?,
            }
        }
        self.finish_executions()?;
        for work in 0..FIRST_SCOPED {
            if self.things[usize::from(work)].is_some() {
                let op = Op {
                    verb: Verb::Cancel,
                    a: work,
                    b: 0,
                    c: 0,
                };
                self.look(op, Action::Cancel)?;
            }
        }
        for number in 0..SHARED + COUNTED {
            if self.model.work(2 * number).exists {
                self.drop_item(2 * number)?;
            }
        }
        for work in FIRST_ONCE..WORKS as u8 {
            if self.model.work(work).exists {
                return Err(Violation::new("the model has forgotten something"));
            }
        }
        self.tasks.finish()?;
        self.settle()
    }

    fn finish_executions(&mut self) -> Verdict {
        while let Some((queue, entry)) = self.model.nth_running(0) {
            self.release(queue, entry)?;
        }
        Ok(())
    }

    fn finish_guards(&mut self) -> Verdict {
        while let Some((_, guard)) = self.guards.last() {
            let handle = is_handle(guard);
            let op = Op {
                verb: Verb::Enable,
                a: 1,
                b: 0,
                c: 0,
            };
            if handle {
                self.drop_handle(Op { c: 4, ..op })?;
            } else {
                let n = self.nth_guard(255, false).unwrap_or(0);
                self.enable(Op { b: n as u8, ..op })?;
            }
            self.settle()?;
        }
        Ok(())
    }

    fn finish_queues(&mut self) -> Verdict {
        for queue in 0..OWNED {
            self.end_queue(queue, 0, Action::DropQueue)?;
            self.settle()?;
        }
        for reference in self.references.iter_mut() {
            *reference = None;
        }
        Ok(())
    }

    fn finish_scoped(&mut self) -> Verdict {
        for number in 0..SCOPED {
            self.drop_scoped(number)?;
            self.settle()?;
        }
        Ok(())
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
fn build(kind: u8) -> (Result<OwnedQueue>, Pool, usize) {
    let all = usize::MAX;
    let name = c"random";

    match kind % KINDS {
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
