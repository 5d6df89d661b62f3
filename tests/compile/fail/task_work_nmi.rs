// SPDX-License-Identifier: GPL-2.0

//! What only an NMI may do cannot be asked for.

use kernel::prelude::*;

type Pointer = Pin<KBox<Item>>;
type Data = u32;

include!("task_work.rs");

pub fn program(task: &Task, item: Pointer) {
    let _ = task_work::add(task, item, NotifyMode::NmiCurrent); //~ E0599
}
