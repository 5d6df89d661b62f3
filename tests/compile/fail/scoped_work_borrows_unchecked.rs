// SPDX-License-Identifier: GPL-2.0

//! That data which borrows outlives its item cannot be said without `unsafe`.

use kernel::prelude::*;
use kernel::workqueue::{work_class, Queue, ScopedWork, ScopedWorkItem};

pub struct Item<'a> {
    value: &'a u32,
}

impl ScopedWorkItem for Item<'_> {
    fn run(this: &ScopedWork<Self>) {
        let _copy = *this.value;
    }
}

pub fn program(queue: &Queue, value: &u32) {
    let item = Item { value };
    let _ = ScopedWork::new_with_lt(queue, item, work_class!("Item")); //~ E0133
}
