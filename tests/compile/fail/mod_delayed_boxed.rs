// SPDX-License-Identifier: GPL-2.0

//! The queue owns a boxed item that is pending, so there is no other pointer to give.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

type Pointer = Pin<KBox<Item>>;

include!("both.rs");

pub fn program(queue: &OwnedQueue, item: Pin<KBox<Item>>) {
    let _ = queue.mod_delayed::<_, 2>(item, kernel::time::Delta::from_millis(10)); //~ E0277
    //~ message: is not a shared pointer to a work item
    //~ message: an item in a `Pin<KBox>` belongs to the queue until it runs
}
