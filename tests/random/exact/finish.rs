// SPDX-License-Identifier: GPL-2.0

//! The end of a program: nothing may be left.

use super::*;

impl World {
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

    pub(super) fn finish_executions(&mut self) -> Verdict {
        while let Some((queue, entry)) = self.model.nth_running(0) {
            self.release(queue, entry)?;
        }
        Ok(())
    }

    pub(super) fn finish_guards(&mut self) -> Verdict {
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

    pub(super) fn finish_queues(&mut self) -> Verdict {
        for queue in 0..OWNED {
            self.end_queue(queue, 0, Action::DropQueue)?;
            self.settle()?;
        }
        for reference in self.references.iter_mut() {
            *reference = None;
        }
        Ok(())
    }

    pub(super) fn finish_scoped(&mut self) -> Verdict {
        for number in 0..SCOPED {
            self.drop_scoped(number)?;
            self.settle()?;
        }
        Ok(())
    }
}
