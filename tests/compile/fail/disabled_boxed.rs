// SPDX-License-Identifier: GPL-2.0

//! A caller that has a boxed item has not enqueued it, and could not enqueue it while disabled.

use kernel::prelude::*;
use kernel::workqueue::Disabled;

type Pointer = Pin<KBox<Item>>;

include!("both.rs");

pub fn program(item: Pin<KBox<Item>>) {
    let _ = Disabled::<_, 1>::new(item); //~ E0277 //~ E0277
    //~ message: is not a shared pointer to a work item
    //~ message: an item in a `Pin<KBox>` belongs to the queue until it runs
}
