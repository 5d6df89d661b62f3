// SPDX-License-Identifier: GPL-2.0

// An item with a plain and a delayed work, for programs that are not about the item: `Pointer` is
// what they define it to be.

use kernel::workqueue::{impl_has_delayed_work, impl_has_work, DelayedWork, Work, WorkItem};

#[pin_data]
pub struct Item {
    #[pin]
    work: Work<Item, 1>,
    #[pin]
    delayed: DelayedWork<Item, 2>,
}

impl_has_work! {
    impl HasWork<Self, 1> for Item { self.work }
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self, 2> for Item { self.delayed }
}

impl WorkItem<1> for Item {
    type Pointer = Pointer;

    fn run(_this: Pointer) {}
}

impl WorkItem<2> for Item {
    type Pointer = Pointer;

    fn run(_this: Pointer) {}
}
