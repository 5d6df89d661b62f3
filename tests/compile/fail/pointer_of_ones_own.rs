// SPDX-License-Identifier: GPL-2.0

//! Only some pointers can be enqueued.

use kernel::prelude::*;
use kernel::workqueue::{impl_has_work, Work, WorkItem};

#[pin_data]
pub struct Item {
    #[pin]
    work: Work<Item>,
}

impl_has_work! {
    impl HasWork<Self> for Item { self.work }
}

impl WorkItem for Item {
    type Pointer = KBox<Self>; //~ E0277
    //~ message: `Box<Item, Kmalloc>` cannot be the pointer of a work item
    //~ message: this is neither an `Arc`, an `ARef`

    fn run(_this: KBox<Self>) {}
}
