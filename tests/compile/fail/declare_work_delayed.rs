// SPDX-License-Identifier: GPL-2.0

//! A static item has no timer.

use kernel::prelude::*;
use kernel::workqueue::{declare_work, impl_has_delayed_work, DelayedWork, Queue, WorkItem};

pub struct Item {
    work: DelayedWork<Item>,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Item { self.work }
}

impl WorkItem for Item {
    type Pointer = &'static Item;

    fn run(_this: &'static Item) {}
}

declare_work! {
    static ITEM: Item { work: "ITEM" }; //~ E0308 //~ E0308
}

pub fn program(queue: &Queue) {
    let _ = queue.enqueue_delayed(&ITEM, kernel::time::Delta::from_millis(10)); //~ E0277
    //~ message: cannot be enqueued with a delay
}
