// SPDX-License-Identifier: GPL-2.0

//! T9: enabling an item that is gone would write to freed memory.

use kernel::prelude::*;
use kernel::sync::Arc;
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
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

impl WorkItem<2> for Item {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

pub fn program(item: Arc<Item>) {
    let (guard, _) = item.work.disable();
    drop(item); //~ E0505
    drop(guard);
}
