// SPDX-License-Identifier: GPL-2.0

//! Enqueueing, and what becomes of delays.

use super::*;

impl World {
    pub(super) fn enqueue(&mut self, op: Op, action: Action) -> Verdict<bool> {
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
    pub(super) fn expire(&mut self, work: u8, on: u8, thing: &Thing) -> Verdict {
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
}
