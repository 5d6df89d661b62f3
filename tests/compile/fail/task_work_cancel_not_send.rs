// SPDX-License-Identifier: GPL-2.0

//! Cancelling returns the pointer on the thread of the caller, and no task takes such an item.

use kernel::prelude::*;
use kernel::sync::Arc;

type Pointer = Arc<Item>;
type Data = *mut u32;

include!("task_work.rs");

pub fn program(task: &Task, item: &Item) {
    let _ = item.work.cancel(task); //~ E0599 //~ guards TaskWork::cancel: Arc<T>: Send
    let _ = item.work.is_pending(); //~ E0599 //~ guards TaskWork::is_pending: Arc<T>: Send
}
