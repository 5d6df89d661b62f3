// SPDX-License-Identifier: GPL-2.0

//! C ignores the flag for an unbound queue.

use kernel::prelude::*;
use kernel::workqueue::Queue;

pub fn program() {
    let _ = Queue::new_unbound().cpu_intensive(); //~ E0599
}
