// SPDX-License-Identifier: GPL-2.0

//! T10: C warns about a BH queue with this flag, and makes none.

use kernel::prelude::*;
use kernel::workqueue::Builder;

pub fn program() {
    let _ = Builder::bh().cpu_intensive(); //~ E0599
}
