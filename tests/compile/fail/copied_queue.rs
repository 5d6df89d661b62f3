// SPDX-License-Identifier: GPL-2.0

//! T4: a queue is destroyed once.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: OwnedQueue) -> (OwnedQueue, OwnedQueue) {
    (queue.clone(), queue) //~ E0599
}
