// SPDX-License-Identifier: GPL-2.0

//! An ordered queue always has a max_active of one.

use kernel::prelude::*;
use kernel::workqueue::Queue;

pub fn program() {
    let _ = Queue::new_ordered().max_active(2); //~ E0599
}
