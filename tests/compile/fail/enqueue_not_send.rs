// SPDX-License-Identifier: GPL-2.0

//! The item is executed, and maybe dropped, by another thread.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::{impl_has_work, OwnedQueue, Work, WorkItem};

#[pin_data]
pub struct Item {
    pointer: *mut u32,
    #[pin]
    work: Work<Item>,
}

impl_has_work! {
    impl HasWork<Self> for Item { self.work }
}

impl WorkItem for Item {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

pub fn program(queue: &OwnedQueue, item: Arc<Item>) {
    // The pointer is neither Send nor Sync.
    let _ = queue.enqueue(item); //~ E0277 //~ E0277
}
