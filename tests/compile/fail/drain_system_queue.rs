// SPDX-License-Identifier: GPL-2.0

//! Draining a system queue drops the items of everybody.

use kernel::prelude::*;
use kernel::workqueue;

pub fn program() {
    workqueue::system_dfl().drain(); //~ E0599
}
