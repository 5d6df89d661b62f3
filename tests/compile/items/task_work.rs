// SPDX-License-Identifier: GPL-2.0

// An item with a task work, for programs that are not about the item: `Pointer` and `Data` are what
// they define them to be.

use kernel::task::Task;
use kernel::task_work::{self, impl_has_task_work, NotifyMode, TaskWork, TaskWorkItem};

include!("module.rs");

#[pin_data]
pub struct Item {
    data: Data,
    #[pin]
    work: TaskWork<Item>,
}

impl_has_task_work! {
    impl HasTaskWork<Self> for Item { self.work }
}

#[vtable]
impl TaskWorkItem for Item {
    type Pointer = Pointer;

    fn run(_this: Pointer) {}
}
