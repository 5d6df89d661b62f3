// SPDX-License-Identifier: GPL-2.0

//! The kind is chosen once.

use kernel::prelude::*;
use kernel::workqueue::Queue;

pub fn program() {
    let _ = Queue::new_unbound().max_active(2).new_ordered(); //~ E0599
}
