// SPDX-License-Identifier: GPL-2.0

//! An item without `#[vtable]` says nothing about the module that has to stay.

use kernel::prelude::*;
use kernel::task_work::{impl_has_task_work, TaskWork, TaskWorkItem};

include!("module.rs");

#[pin_data]
pub struct Item {
    #[pin]
    work: TaskWork<Item>,
}

impl_has_task_work! {
    impl HasTaskWork<Self> for Item { self.work }
}

impl TaskWorkItem for Item { //~ E0046
    type Pointer = Pin<KBox<Self>>;

    fn run(_this: Pin<KBox<Self>>) {}
}
