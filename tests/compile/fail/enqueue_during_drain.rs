// SPDX-License-Identifier: GPL-2.0

//! T4: a reference that is used after the drain could be used during it.

use kernel::prelude::*;
use kernel::workqueue::{OwnedQueue, Queue};

pub fn program(mut queue: OwnedQueue) -> Result {
    let other: &Queue = &queue;
    queue.drain(); //~ E0502
    other.try_spawn(GFP_KERNEL, || ())?;
    Ok(())
}
