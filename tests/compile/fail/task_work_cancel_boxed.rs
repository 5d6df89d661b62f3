// SPDX-License-Identifier: GPL-2.0

//! Only the task has a boxed item that is pending, so it cannot be taken back.

use kernel::prelude::*;

type Pointer = Pin<KBox<Item>>;
type Data = u32;

include!("task_work.rs");

pub fn program(task: &Task, item: &Item) {
    let _ = item.work.cancel(task); //~ E0599
}
