// SPDX-License-Identifier: GPL-2.0

//! The item is executed, and maybe dropped, by another thread.

use kernel::prelude::*;
use kernel::workqueue::Queue;

include!("not_send.rs");

pub fn program(queue: &Queue, item: Arc<Item>) {
    let _ = queue.enqueue_delayed::<_, 2>(item, kernel::time::Delta::from_millis(10)); //~ E0277 //~ E0277
    //~ guards Queue::enqueue_delayed: W: Send
}
