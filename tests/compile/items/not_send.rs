// SPDX-License-Identifier: GPL-2.0

// An item that must stay on its thread, with a plain and a delayed work: the pointer is neither Send nor
// Sync.

use kernel::sync::Arc;
use kernel::workqueue::{impl_has_delayed_work, impl_has_work, DelayedWork, Work, WorkItem};

#[pin_data]
pub struct Item {
    pointer: *mut u32,
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
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

impl WorkItem<2> for Item {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}
