// SPDX-License-Identifier: GPL-2.0

//! Nothing is enqueued on a queue that is destroyed.

use kernel::prelude::*;
use kernel::workqueue::{OwnedQueue, Queue};

pub fn program(queue: OwnedQueue) -> Result {
    let other: &Queue = &queue;
    drop(queue); //~ E0505
    other.try_spawn(GFP_KERNEL, || ())?;
    Ok(())
}
