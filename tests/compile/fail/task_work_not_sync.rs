// SPDX-License-Identifier: GPL-2.0

//! The task and who keeps an `Arc` may use the item at the same time.

use core::cell::Cell;
use kernel::prelude::*;
use kernel::sync::Arc;

type Pointer = Arc<Item>;
type Data = Cell<u32>;

include!("task_work.rs");

pub fn program(task: &Task, item: Pointer) {
    let _ = task_work::add(task, item, NotifyMode::Resume); //~ E0277 //~ guards task_work::add: W: Send
}
