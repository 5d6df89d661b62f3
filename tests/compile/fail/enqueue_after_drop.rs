// SPDX-License-Identifier: GPL-2.0

//! T4: nothing is enqueued on a queue that is destroyed.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: OwnedQueue) -> Result {
    drop(queue);
    queue.try_spawn(GFP_KERNEL, || ())?; //~ E0382
    Ok(())
}
