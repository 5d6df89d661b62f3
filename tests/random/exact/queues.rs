// SPDX-License-Identifier: GPL-2.0

//! Queues: making, referring to, flushing and ending them.

use super::*;

impl World {
    pub(super) fn new_queue(&mut self, a: u8, b: u8) -> Verdict<bool> {
        let queue = a % OWNED;
        if self.model.line(queue).exists {
            return Ok(false);
        }
        let (owned, pool, limit) = build(b, self.one_cpu);
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
    pub(super) fn once_delayed_on(&self, queue: u8) -> [bool; WORKS] {
        core::array::from_fn(|work| {
            let state = &self.model.works[work];
            work >= FIRST_ONCE.into() && state.exists && state.place == Place::Delayed(queue)
        })
    }

    pub(super) fn drop_once(&mut self, works: &[bool; WORKS]) -> Verdict {
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

    pub(super) fn end_queue(&mut self, a: u8, c: u8, action: Action) -> Verdict<bool> {
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

    pub(super) fn drop_queue_by_item(&mut self, a: u8, b: u8) -> Verdict<bool> {
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

    pub(super) fn flush_queue(&mut self, a: u8) -> Verdict<bool> {
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

    pub(super) fn refer(&mut self, a: u8, b: u8) -> bool {
        let queue = a % OWNED;
        let Some(owned) = &self.queues[usize::from(queue)] else {
            return false;
        };
        self.references[usize::from(b) % REFERENCES] = Some((ARef::from(&**owned), Some(queue)));
        true
    }
}
