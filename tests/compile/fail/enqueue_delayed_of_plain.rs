// SPDX-License-Identifier: GPL-2.0

//! A plain item has no timer.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::Queue;

type Pointer = Arc<Item>;

include!("both.rs");

pub fn program(queue: &Queue, item: Arc<Item>) {
    let _ = queue.enqueue_delayed::<_, 1>(item, kernel::time::Delta::from_millis(10)); //~ E0277
    //~ message: `Item` has no `DelayedWork` with this ID
    //~ message: a `Work` has no timer: make it a `DelayedWork`
}
