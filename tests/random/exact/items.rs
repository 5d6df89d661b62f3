// SPDX-License-Identifier: GPL-2.0

//! Items: making and dropping them, and where they may be enqueued.

use super::*;

impl World {
    pub(super) fn payload(&mut self, work: u8) -> Payload {
        self.model.work_mut(work).generation += 1;
        self.board.look(|state| state.reset_drop(work));
        Payload {
            board: self.board.clone(),
            token: self.model.token(work),
        }
    }

    /// Whether nothing but this has a pointer to an item.
    pub(super) fn is_unused(&self, work: u8) -> bool {
        self.model.work(work).place == Place::Idle
            && self.model.running(work).next().is_none()
            && !self.guards.iter().any(|(guarded, _)| *guarded == work)
    }

    pub(super) fn new_item(&mut self, a: u8) -> Verdict<bool> {
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

    pub(super) fn drop_item(&mut self, work: u8) -> Verdict {
        self.must_not_be_dropped(work)?;
        self.things[usize::from(work)] = None;
        self.things[usize::from(work) + 1] = None;
        self.model.work_mut(work).exists = false;
        self.model.work_mut(work + 1).exists = false;
        self.must_be_dropped(work)
    }

    pub(super) fn new_scoped(&mut self, a: u8, b: u8) -> Verdict<bool> {
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

    pub(super) fn drop_scoped(&mut self, a: u8) -> Verdict<bool> {
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
    pub(super) fn running(&self, work: u8, pool: Option<Pool>) -> Serials {
        let mut serials = Serials::new();
        for (queue, entry) in self.model.running(work) {
            if pool.is_none_or(|pool| self.model.line(queue).pool == pool) {
                serials.push(entry.serial);
            }
        }
        serials
    }

    /// A work that exists, but for those that are executed once.
    pub(super) fn work(&self, a: u8) -> Option<(u8, Thing)> {
        let work = selected(a);
        self.things[usize::from(work)]
            .clone()
            .map(|thing| (work, thing))
    }

    /// The queue of an operation, and which one that is.
    pub(super) fn target(&self, work: u8, b: u8) -> Option<(Option<QueueRef>, Option<u8>)> {
        if is_scoped(work) {
            return Some((None, self.scoped_on[usize::from(work - FIRST_SCOPED)]));
        }
        let (queue, on) = self.queue(b)?;
        Some((Some(queue), on))
    }

    /// With several CPUs, it is not known which pool an item gets into.
    pub(super) fn is_known(&self, work: u8, queue: u8) -> bool {
        self.one_cpu
            || self.model.running(work).all(|(on, _)| {
                on == queue && self.model.work(work).last == Some(self.model.line(on).pool)
            })
    }
}
