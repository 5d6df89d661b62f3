// SPDX-License-Identifier: GPL-2.0

//! Both closures are called at the same time.

use kernel::prelude::*;
use kernel::workqueue::OwnedQueue;

pub fn program(queue: &OwnedQueue) -> Result {
    let mut value = 0;
    queue.join(|| value += 1, || value += 1)?; //~ E0499
    Ok(())
}
