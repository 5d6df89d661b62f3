// SPDX-License-Identifier: GPL-2.0

//! Nothing is enqueued on a queue that is destroyed.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: OwnedQueue) -> Result {
    drop(queue);
    queue.try_spawn(GFP_KERNEL, || ())?; //~ E0382
    Ok(())
}
