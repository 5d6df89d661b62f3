// SPDX-License-Identifier: GPL-2.0

//! An item cannot refer to its queue, except by owning a share of it.

use kernel::prelude::*;
use kernel::workqueue::{OwnedQueue, Queue};

pub fn program(queue: OwnedQueue) -> Result {
    let other: &Queue = &queue; //~ E0597 //~ guards Queue::try_spawn: T: 'static
    queue.try_spawn(GFP_KERNEL, move || {
        let _ = other.try_spawn(GFP_KERNEL, || ());
    })?;
    Ok(())
}
