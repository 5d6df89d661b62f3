// SPDX-License-Identifier: GPL-2.0

//! T1: a queue that is only borrowed may be destroyed before the timer expires.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::Queue;

type Pointer = Arc<Item>;

include!("both.rs");

pub fn program(queue: &Queue, item: Arc<Item>) {
    let _ = queue.mod_delayed::<_, 2>(item, 10); //~ E0521
}
