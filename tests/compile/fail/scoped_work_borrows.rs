// SPDX-License-Identifier: GPL-2.0

//! The item is executed until it is dropped, and if it is leaked, when what its data borrows is gone.

use kernel::prelude::*;
use kernel::workqueue::{new_scoped_work, Queue, ScopedWork, ScopedWorkItem};

pub struct Item<'a> {
    value: &'a u32,
}

impl ScopedWorkItem for Item<'_> {
    fn run(this: &ScopedWork<Self>) {
        let _copy = *this.value;
    }
}

pub fn program(queue: &Queue) {
    let value = 1;
    let item = Item { value: &value }; //~ E0597 //~ guards ScopedWork::new: T: 'static
    core::mem::forget(KBox::pin_init(new_scoped_work!(queue, item, "Item"), GFP_KERNEL));
}
