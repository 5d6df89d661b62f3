// SPDX-License-Identifier: GPL-2.0

//! Flushing a system queue waits for the items of all users.

use kernel::prelude::*;
use kernel::workqueue;

pub fn program() {
    workqueue::system_dfl().flush(); //~ E0599
}
