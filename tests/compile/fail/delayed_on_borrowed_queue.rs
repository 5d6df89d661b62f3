// SPDX-License-Identifier: GPL-2.0

//! T1: a queue that is only borrowed may be destroyed before the timer expires.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::{impl_has_delayed_work, DelayedWork, Queue, WorkItem};

#[pin_data]
pub struct Item {
    #[pin]
    work: DelayedWork<Item>,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Item { self.work }
}

impl WorkItem for Item {
    type Pointer = Arc<Self>;

    fn run(_this: Arc<Self>) {}
}

pub fn program(queue: &Queue, item: Arc<Item>) {
    let _ = queue.enqueue_delayed(item, 10); //~ E0521
}
