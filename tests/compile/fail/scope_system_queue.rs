// SPDX-License-Identifier: GPL-2.0

//! A scope is for queues of one's own.

use kernel::prelude::*;
use kernel::workqueue;

pub fn program() -> Result {
    workqueue::system_dfl().scope(|_| Ok(())) //~ E0599
}
