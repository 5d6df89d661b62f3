// SPDX-License-Identifier: GPL-2.0

//! Looking at items, taking them back, and waiting for them.

use super::*;

impl World {
    /// What does not wait, and needs no queue.
    pub(super) fn look(&mut self, op: Op, action: Action) -> Verdict<bool> {
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

    pub(super) fn is_running_in_last_pool(&self, work: u8) -> bool {
        let last = self.model.work(work).last;
        self.model
            .running(work)
            .any(|(queue, _)| Some(self.model.line(queue).pool) == last)
    }

    pub(super) fn keep(&mut self, work: u8, report: Report) {
        if let Some(guard) = report.guard {
            // There is room.
            let _ = self.guards.push_within_capacity((work, guard));
        }
    }

    /// Cancels, disables or stops an item, and waits for it.
    pub(super) fn wait_for_work(&mut self, op: Op, action: Action) -> Verdict<bool> {
        let Some((work, thing)) = self.work(op.a) else {
            return Ok(false);
        };
        let disables = action != Action::CancelSync;
        if disables && self.guards.len() == GUARDS || action == Action::Stop && is_fixed(work) {
            return Ok(false);
        }
        let everywhere =
            action == Action::Stop || action == Action::DisableSync && !is_scoped(work);
        let pool = self.model.work(work).last.filter(|_| !everywhere);
        let serials = if everywhere || pool.is_some() {
            self.running(work, pool)
        } else {
            Serials::new()
        };
        let pending = self.model.take_back(work);
        if disables {
            self.model.work_mut(work).disabled += 1;
        }
        if action == Action::DisableSync && is_scoped(work) {
            self.scoped_disabled[usize::from(work - FIRST_SCOPED)] += 1;
        }
        self.say(format_args!("{action:?} work {work}"));

        // An item may stop or disable itself, and goes on then.
        let own = self.model.running(work).next();
        let own = own.and_then(|(_, entry)| entry.seat);
        if let (true, Some(seat), true) = (everywhere, own, op.c & 3 == 0) {
            let Some(report) = self.board.command(seat, Call::new(action).thing(thing)) else {
                return Err(Violation::new("an item waits for itself"));
            };
            self.taken_back(work, action, pending)
                .check(report.outcome)?;
            self.keep(work, report);
            return Ok(true);
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

    pub(super) fn taken_back(&self, work: u8, action: Action, pending: bool) -> Expected {
        Expected::Is(if action == Action::Stop && is_scoped(work) {
            Outcome::Done
        } else {
            pending.into()
        })
    }

    pub(super) fn flush(&mut self, op: Op, action: Action) -> Verdict<bool> {
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
}
