// SPDX-License-Identifier: GPL-2.0

//! The item is executed, and maybe dropped, by another task.

use kernel::prelude::*;

type Pointer = Pin<KBox<Item>>;
type Data = *mut u32;

include!("task_work.rs");

pub fn program(task: &Task, item: Pointer) {
    let _ = task_work::add(task, item, NotifyMode::Resume); //~ E0277 //~ guards task_work::add: W: Send
}
