// SPDX-License-Identifier: GPL-2.0

//! T1: a queue that is only borrowed may be destroyed before the timer expires.

use kernel::prelude::*;
use kernel::workqueue::Queue;

pub fn program(queue: &Queue) -> Result {
    queue.try_spawn_delayed(GFP_KERNEL, 10, || ())?; //~ E0521
    Ok(())
}
