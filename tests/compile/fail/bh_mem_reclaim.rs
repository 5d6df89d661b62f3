// SPDX-License-Identifier: GPL-2.0

//! C warns about a BH queue with this flag, and makes none.

use kernel::prelude::*;
use kernel::workqueue::Queue;

pub fn program() {
    let _ = Queue::new_bh().mem_reclaim(); //~ E0599
}
