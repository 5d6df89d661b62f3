// SPDX-License-Identifier: GPL-2.0

//! What the API promises, as a state machine that knows nothing of the API.
//!
//! Each queue has a line of what is queued or running on it, in the order in which it came there. As
//! every execution waits at its gate, it is known at any time what must be running: the first of the
//! line, up to the limit of the queue. An item is not executed twice at once by one pool of workers.

use crate::board::Token;
use kernel::prelude::*;

/// Items: 4 behind an `Arc` and 2 behind an `ARef`, with two works each; 2 static ones; 3 embedded
/// ones; and what is executed once.
pub(crate) const SHARED: u8 = 4;
pub(crate) const COUNTED: u8 = 2;
pub(crate) const FIXED: u8 = 2;
pub(crate) const SCOPED: u8 = 3;
pub(crate) const FIRST_COUNTED: u8 = 2 * SHARED;
pub(crate) const FIRST_FIXED: u8 = FIRST_COUNTED + 2 * COUNTED;
pub(crate) const FIRST_SCOPED: u8 = FIRST_FIXED + FIXED;
pub(crate) const FIRST_ONCE: u8 = FIRST_SCOPED + SCOPED;
pub(crate) const WORKS: usize = FIRST_ONCE as usize + 15;

/// Private queues, followed by the system's.
pub(crate) const OWNED: u8 = 5;
pub(crate) const QUEUES: u8 = OWNED + 11;
/// The longest line.
const LINE: usize = 2 * WORKS;

/// The workers that execute the items of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pool {
    Percpu,
    PercpuHigh,
    Unbound,
    UnboundHigh,
    Bh,
    BhHigh,
}

impl Pool {
    pub(crate) fn is_bh(self) -> bool {
        matches!(self, Self::Bh | Self::BhHigh)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Idle,
    Delayed(u8),
    Queued(u8),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) work: u8,
    pub(crate) serial: u32,
    /// Where it waits at its gate, if it is running.
    pub(crate) seat: Option<usize>,
}

pub(crate) struct Line {
    /// Whether there is such a queue, or something of it is still running.
    pub(crate) exists: bool,
    /// Its owner has shut it down or dropped it.
    pub(crate) closed: bool,
    pub(crate) owned: bool,
    pub(crate) pool: Pool,
    pub(crate) limit: usize,
    pub(crate) entries: KVec<Entry>,
}

pub(crate) struct Work {
    pub(crate) exists: bool,
    pub(crate) generation: u32,
    pub(crate) place: Place,
    /// How often it is disabled, stops included.
    pub(crate) disabled: u32,
    /// The queue to which a delayed item belongs.
    pub(crate) belongs_to: Option<u8>,
    /// Its queue is being destroyed by somebody else, until which it may still belong to that.
    pub(crate) may_belong: bool,
    /// The pool to which it was queued last.
    pub(crate) last: Option<Pool>,
    /// An execution has just ended, and C may not have taken notice.
    pub(crate) fading: bool,
}

pub(crate) struct Model {
    pub(crate) lines: KVec<Line>,
    pub(crate) works: KVec<Work>,
    serial: u32,
}

impl Model {
    pub(crate) fn new() -> Result<Self> {
        let mut lines = KVec::with_capacity(usize::from(QUEUES), GFP_KERNEL)?;
        for _ in 0..QUEUES {
            lines.push(
                Line {
                    exists: false,
                    closed: false,
                    owned: false,
                    pool: Pool::Percpu,
                    limit: usize::MAX,
                    entries: KVec::with_capacity(LINE, GFP_KERNEL)?,
                },
                GFP_KERNEL,
            )?;
        }
        let mut works = KVec::with_capacity(WORKS, GFP_KERNEL)?;
        for _ in 0..WORKS {
            works.push(
                Work {
                    exists: false,
                    generation: 0,
                    place: Place::Idle,
                    disabled: 0,
                    belongs_to: None,
                    may_belong: false,
                    last: None,
                    fading: false,
                },
                GFP_KERNEL,
            )?;
        }
        Ok(Self {
            lines,
            works,
            serial: 0,
        })
    }

    pub(crate) fn line(&self, queue: u8) -> &Line {
        &self.lines[usize::from(queue)]
    }

    pub(crate) fn line_mut(&mut self, queue: u8) -> &mut Line {
        &mut self.lines[usize::from(queue)]
    }

    pub(crate) fn work(&self, work: u8) -> &Work {
        &self.works[usize::from(work)]
    }

    pub(crate) fn work_mut(&mut self, work: u8) -> &mut Work {
        &mut self.works[usize::from(work)]
    }

    pub(crate) fn token(&self, work: u8) -> Token {
        Token {
            work,
            generation: self.work(work).generation,
        }
    }

    /// A work begins its life.
    pub(crate) fn make(&mut self, work: u8) {
        let work = self.work_mut(work);
        work.exists = true;
        work.place = Place::Idle;
        work.disabled = 0;
        work.belongs_to = None;
        work.may_belong = false;
        work.last = None;
        work.fading = false;
    }

    pub(crate) fn is_open(&self, queue: u8) -> bool {
        self.line(queue).exists && !self.line(queue).closed
    }

    /// Queues an item that is idle.
    pub(crate) fn push(&mut self, queue: u8, work: u8) {
        self.serial += 1;
        let entry = Entry {
            work,
            serial: self.serial,
            seat: None,
        };
        let pool = self.line(queue).pool;
        // There is room: each work is in a line once as queued, and the executions are limited.
        let _ = self.line_mut(queue).entries.push_within_capacity(entry);
        self.work_mut(work).place = Place::Queued(queue);
        self.work_mut(work).last = Some(pool);
    }

    /// Takes an item back. Returns whether it was delayed or queued.
    pub(crate) fn take_back(&mut self, work: u8) -> bool {
        match self.work(work).place {
            Place::Idle => false,
            Place::Delayed(_) => {
                self.work_mut(work).place = Place::Idle;
                true
            }
            Place::Queued(queue) => {
                self.work_mut(work).place = Place::Idle;
                self.line_mut(queue)
                    .entries
                    .retain(|e| e.work != work || e.seat.is_some());
                true
            }
        }
    }

    /// Whether `queue` may delay the item. If so, it belongs to the queue now.
    pub(crate) fn adopt(&mut self, queue: u8, work: u8) -> bool {
        let owner = self.line(queue).owned.then_some(queue);
        let work = self.work_mut(work);

        if work.belongs_to == owner {
            return true;
        }
        if work.belongs_to.is_none() {
            work.belongs_to = owner;
            return true;
        }
        false
    }

    /// Shuts a queue down: calls `dropped` for what was delayed on it.
    pub(crate) fn close(&mut self, queue: u8, later: bool) {
        self.line_mut(queue).closed = true;
        for work in self.works.iter_mut() {
            if work.place == Place::Delayed(queue) {
                work.place = Place::Idle;
            }
            if work.belongs_to == Some(queue) {
                work.belongs_to = None;
                work.may_belong = later;
            }
        }
    }

    /// The executions of a work: where in which line.
    pub(crate) fn running(&self, work: u8) -> impl Iterator<Item = (u8, &Entry)> {
        self.lines.iter().enumerate().flat_map(move |(q, line)| {
            line.entries
                .iter()
                .filter(move |e| e.work == work && e.seat.is_some())
                .map(move |e| (q as u8, e))
        })
    }

    /// What must begin now: the queue, and the place in its line.
    pub(crate) fn next_to_begin(&self) -> Option<(u8, usize)> {
        for (q, line) in self.lines.iter().enumerate() {
            for (n, entry) in line.entries.iter().enumerate().take(line.limit) {
                let collides = || {
                    self.running(entry.work)
                        .any(|(other, _)| self.line(other).pool == line.pool)
                };
                if entry.seat.is_none() && !collides() {
                    return Some((q as u8, n));
                }
            }
        }
        None
    }

    /// Something waits at a gate: the queue, and its entry. The `n`-th of them, counted round and
    /// round.
    pub(crate) fn nth_running(&self, n: u8) -> Option<(u8, Entry)> {
        let all = || {
            self.lines.iter().enumerate().flat_map(|(q, line)| {
                line.entries
                    .iter()
                    .filter(|e| e.seat.is_some())
                    .map(move |e| (q as u8, *e))
            })
        };
        let count = all().count();
        if count == 0 {
            return None;
        }
        all().nth(usize::from(n) % count)
    }

    pub(crate) fn has_serial(&self, serial: u32) -> Option<u8> {
        self.lines
            .iter()
            .position(|line| line.entries.iter().any(|e| e.serial == serial))
            .map(|q| q as u8)
    }
}
