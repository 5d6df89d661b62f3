// SPDX-License-Identifier: GPL-2.0

//! The task owns a pointer to the item, so it takes no reference to one.

use kernel::prelude::*;
use kernel::sync::Arc;

type Pointer = Arc<Item>;
type Data = u32;

include!("task_work.rs");

pub fn program(task: &Task, item: Pointer) {
    let _ = task_work::add(task, &item, NotifyMode::Resume); //~ E0277
    //~ message: `&Arc<Item>` cannot be added to a task
    //~ message: to keep an `Arc`, add a clone of it
}

pub fn not_pinned(task: &Task, item: KBox<Item>) {
    let _ = task_work::add(task, item, NotifyMode::Resume); //~ E0277
    //~ message: giving its `Arc` or `Pin<KBox>` to the task
}
