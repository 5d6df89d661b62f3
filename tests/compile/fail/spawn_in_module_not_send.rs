// SPDX-License-Identifier: GPL-2.0

//! The closure is called by another thread.

use kernel::prelude::*;
use kernel::workqueue::Queue;

include!("module.rs");

pub fn program(queue: &Queue, pointer: *mut u32) -> Result {
    queue.try_spawn_in_module::<LocalModule, _>(GFP_KERNEL, move || { //~ E0277
    //~ guards Queue::try_spawn_in_module: F: Send
        let moved = pointer;
        drop(moved);
    })?;
    Ok(())
}
