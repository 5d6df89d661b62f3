// SPDX-License-Identifier: GPL-2.0

//! The item is executed, and maybe dropped, by another thread.

use kernel::prelude::*;
use kernel::workqueue::Queue;

include!("not_send.rs");

pub fn program(queue: &Queue, item: Arc<Item>) {
    let _ = queue.enqueue::<_, 1>(item); //~ E0277 //~ E0277
    //~ guards Queue::enqueue: W: Send
}
