// SPDX-License-Identifier: GPL-2.0

//! The item may be executed when what it borrows is gone.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::task::Task;
use kernel::task_work::{self, impl_has_task_work, NotifyMode, TaskWork, TaskWorkItem};

include!("module.rs");

#[pin_data]
pub struct Item<'a> {
    value: &'a u32,
    #[pin]
    work: TaskWork<Item<'a>>,
}

impl_has_task_work! {
    impl{'a} HasTaskWork<Self> for Item<'a> { self.work }
}

#[vtable]
impl<'a> TaskWorkItem for Item<'a> {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

pub fn program<'a>(task: &Task, item: Arc<Item<'a>>) {
    let _ = task_work::add(task, item, NotifyMode::Resume); //~ E0521
    //~ guards task_work::add: W: 'static
}
