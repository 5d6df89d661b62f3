// SPDX-License-Identifier: GPL-2.0

//! An item that is given away cannot lend the reference to its queue: clone that first.

use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::Arc;
use kernel::workqueue::{impl_has_delayed_work, DelayedWork, Queue, WorkItem};

#[pin_data]
pub struct Poll {
    queue: ARef<Queue>,
    #[pin]
    work: DelayedWork<Poll>,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Poll { self.work }
}

impl WorkItem for Poll {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let _ = this.queue.enqueue_delayed(this, kernel::time::Delta::from_millis(10)); //~ E0505
    }
}
