// SPDX-License-Identifier: GPL-2.0

//! T4: what is enqueued during a drain is lost, so draining needs the only reference.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: &OwnedQueue) {
    queue.drain(); //~ E0596
}
