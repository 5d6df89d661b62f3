// SPDX-License-Identifier: GPL-2.0

//! C ignores the flag for an unbound queue, and an ordered one is unbound.

use kernel::prelude::*;
use kernel::workqueue::Queue;

pub fn program() {
    let _ = Queue::new_ordered().cpu_intensive(); //~ E0599
}
