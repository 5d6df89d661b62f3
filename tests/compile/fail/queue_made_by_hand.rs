// SPDX-License-Identifier: GPL-2.0

//! Only a builder makes a queue.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: core::ptr::NonNull<kernel::bindings::workqueue_struct>) -> OwnedQueue {
    OwnedQueue { private: queue.cast() } //~ E0451 //~ no code
}
