// SPDX-License-Identifier: GPL-2.0

//! Guards and handles.

use super::*;

impl World {
    pub(super) fn enable(&mut self, op: Op) -> Verdict<bool> {
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
            let enabled = any && self.model.work(work).disabled == 0;
            self.say(format_args!("Enable work {work}"));
            let report = self.call(Call::new(Action::Enable).thing(thing), op.c, Some(work))?;
            return Expected::Is(enabled.into())
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
    pub(super) fn nth_guard(&self, n: u8, handle: bool) -> Option<usize> {
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

    pub(super) fn make_handle(&mut self, op: Op) -> Verdict<bool> {
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

    pub(super) fn drop_handle(&mut self, op: Op) -> Verdict<bool> {
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
}
