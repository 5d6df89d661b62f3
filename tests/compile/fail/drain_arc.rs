// SPDX-License-Identifier: GPL-2.0

//! T4: the other owners could enqueue during the drain.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::OwnedQueue;

pub fn program(mut queue: Arc<OwnedQueue>) {
    queue.drain(); //~ E0596
    let _ = &mut queue;
}
