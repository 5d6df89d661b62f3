// SPDX-License-Identifier: GPL-2.0

//! C warns about a BH queue with a max_active, and makes none.

use kernel::prelude::*;
use kernel::workqueue::Queue;

pub fn program() {
    let _ = Queue::new_bh().max_active(2); //~ E0599
}
