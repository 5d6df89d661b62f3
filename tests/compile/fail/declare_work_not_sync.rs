// SPDX-License-Identifier: GPL-2.0

//! A static item may be used by any thread.

use core::cell::Cell;
use kernel::prelude::*;
use kernel::workqueue::{declare_work, impl_has_work, Queue, Work, WorkItem};

pub struct Item { //~ E0277
    value: Cell<u32>,
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
    static ITEM: Item { work: "ITEM", value: Cell::new(0) };
}

pub fn program(queue: &Queue, item: &'static Item) {
    let _ = queue.enqueue(item); //~ E0277
    //~ guards Queue::enqueue: W: Send
}
