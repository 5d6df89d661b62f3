// SPDX-License-Identifier: GPL-2.0

//! T4: only a builder makes a queue.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: core::ptr::NonNull<kernel::bindings::workqueue_struct>) -> OwnedQueue {
    OwnedQueue { queue, destruction: None } //~ E0451 //~ no code
}
