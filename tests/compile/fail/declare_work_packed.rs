// SPDX-License-Identifier: GPL-2.0

//! C uses the work of a static item with atomic operations, so it is aligned.

use kernel::workqueue::{declare_work, impl_has_work, Work, WorkItem};

#[repr(C, packed)]
pub struct Item {
    padding: u8,
    work: Work<Item>,
}

impl_has_work! {
    impl HasWork<Self> for Item { self.work }
}

impl WorkItem for Item {
    type Pointer = &'static Item;

    fn run(_this: &'static Item) {}
}

declare_work! {
    static ITEM: Item { work: "ITEM", padding: 0 }; //~ E0793
}
