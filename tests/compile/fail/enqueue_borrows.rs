// SPDX-License-Identifier: GPL-2.0

//! The item may be executed when what it borrows is gone.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::{impl_has_work, OwnedQueue, Work, WorkItem};

#[pin_data]
pub struct Item<'a> {
    value: &'a u32,
    #[pin]
    work: Work<Item<'a>>,
}

impl_has_work! {
    impl{'a} HasWork<Self> for Item<'a> { self.work }
}

impl<'a> WorkItem for Item<'a> {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

pub fn program<'a>(queue: &OwnedQueue, item: Arc<Item<'a>>) {
    let _ = queue.enqueue(item); //~ E0521
}
