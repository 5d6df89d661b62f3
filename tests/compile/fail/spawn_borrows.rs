// SPDX-License-Identifier: GPL-2.0

//! The closure may be called when the caller has returned.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: &OwnedQueue) -> Result {
    let value = 1;
    let borrowed = &value; //~ E0597 //~ guards Queue::try_spawn: T: 'static
    queue.try_spawn(GFP_KERNEL, move || {
        drop(*borrowed);
    })?;
    Ok(())
}
