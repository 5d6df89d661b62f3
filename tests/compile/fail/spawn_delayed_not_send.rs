// SPDX-License-Identifier: GPL-2.0

//! The closure is called by another thread.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: &OwnedQueue, pointer: *mut u8) -> Result {
    queue.try_spawn_delayed(GFP_KERNEL, kernel::time::Delta::from_millis(10), move || { //~ E0277
    //~ guards Queue::try_spawn_delayed: T: Send
        let moved = pointer;
        drop(moved);
    })?;
    Ok(())
}
