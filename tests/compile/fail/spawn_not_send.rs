// SPDX-License-Identifier: GPL-2.0

//! The closure is called by another thread.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: &OwnedQueue, pointer: *mut u32) -> Result {
    queue.try_spawn(GFP_KERNEL, move || { //~ E0277 //~ guards Queue::try_spawn: T: Send
        drop(pointer);
    })?;
    Ok(())
}
