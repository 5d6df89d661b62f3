// SPDX-License-Identifier: GPL-2.0

// An item that can be static, for programs that declare it.

use kernel::workqueue::{declare_work, impl_has_work, Work, WorkItem};

pub struct Item {
    value: u32,
    work: Work<Item>,
}

impl_has_work! {
    impl HasWork<Self> for Item { self.work }
}

impl WorkItem for Item {
    type Pointer = &'static Item;

    fn run(_this: &'static Item) {}
}
