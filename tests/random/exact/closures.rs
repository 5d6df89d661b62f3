// SPDX-License-Identifier: GPL-2.0

//! Closures and static items, and scopes.

use super::*;

impl World {
    pub(super) fn free_once(&self) -> Option<u8> {
        (FIRST_ONCE..WORKS as u8).find(|work| !self.model.work(*work).exists)
    }

    pub(super) fn once(&mut self, op: Op) -> Verdict<bool> {
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

    pub(super) fn scope(&mut self, a: u8, b: u8) -> Verdict<bool> {
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
            }
        }
        // If something was spawned, it waits for whatever is on the queue.
        if open && !works.is_empty() {
            for entry in &self.model.line(queue).entries {
                serials.push(entry.serial);
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
}
