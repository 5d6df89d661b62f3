// SPDX-License-Identifier: GPL-2.0

//! T1: only the owned queue knows that destroying it executes delayed items; a queue may be any.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::{OwnedQueue, Queue};

type Pointer = Arc<Item>;

include!("both.rs");

pub fn program(owned: OwnedQueue, item: Arc<Item>) {
    let queue: &Queue = &owned; //~ E0597
    let _ = queue.enqueue_delayed::<_, 2>(item, 10);
}
