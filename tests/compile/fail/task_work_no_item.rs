// SPDX-License-Identifier: GPL-2.0

//! What is added to a task says what is to be executed, and where its task work is.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::task::Task;
use kernel::task_work::{self, NotifyMode, TaskWork, TaskWorkItem};

include!("module.rs");

pub struct Nothing(u32);

pub fn program(task: &Task, item: Arc<Nothing>) {
    let _ = task_work::add(task, item, NotifyMode::Resume); //~ E0277 //~ E0277
    //~ message: `Nothing` is not an item with this ID that a task can execute
    //~ message: implement `TaskWorkItem` for it
}

#[pin_data]
pub struct Item {
    #[pin]
    work: TaskWork<Item>,
}

#[vtable]
impl TaskWorkItem for Item {
    type Pointer = Arc<Self>; //~ E0277
    //~ message: `Item` does not say which of its fields is the `TaskWork` with this ID
    //~ message: name it with `impl_has_task_work!`

    fn run(_this: Arc<Self>) {}
}
