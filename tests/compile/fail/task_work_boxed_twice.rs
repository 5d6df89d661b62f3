// SPDX-License-Identifier: GPL-2.0

//! A boxed item that a task has got cannot be added again.

use kernel::prelude::*;

type Pointer = Pin<KBox<Item>>;
type Data = u32;

include!("task_work.rs");

pub fn program(task: &Task, item: Pointer) {
    let _ = task_work::add(task, item, NotifyMode::Resume);
    let _ = task_work::add(task, item, NotifyMode::Resume); //~ E0382
}
