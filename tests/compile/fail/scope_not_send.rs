// SPDX-License-Identifier: GPL-2.0

//! The closure is called by another thread.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: &OwnedQueue, pointer: *mut u8) -> Result {
    queue.scope(|scope| {
        scope.try_spawn(GFP_KERNEL, move || { //~ E0277 //~ guards Scope::try_spawn: F: Send
            let moved = pointer;
            drop(moved);
        })?;
        Ok(())
    })
}
