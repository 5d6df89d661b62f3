// SPDX-License-Identifier: GPL-2.0

//! A queue is destroyed once.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: OwnedQueue) -> (OwnedQueue, OwnedQueue) {
    (queue.clone(), queue) //~ E0599
}
