// SPDX-License-Identifier: GPL-2.0

//! T20: the result comes from another thread.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: &OwnedQueue) -> Result {
    queue.join(core::ptr::null_mut::<u8>, || ())?; //~ E0277
    Ok(())
}
