// SPDX-License-Identifier: GPL-2.0

//! The closure is called when the caller has returned.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: &OwnedQueue) -> Result {
    let value = 1;
    let borrowed = &value; //~ E0597 //~ guards Queue::try_spawn_delayed: T: 'static
    queue.try_spawn_delayed(GFP_KERNEL, kernel::time::Delta::from_millis(10), move || {
        drop(*borrowed);
    })?;
    Ok(())
}
