// SPDX-License-Identifier: GPL-2.0

//! T10: C warns about a BH queue with a max_active, and makes none.

use kernel::prelude::*;
use kernel::workqueue::Builder;

pub fn program() {
    let _ = Builder::bh().max_active::<2>(); //~ E0599
}
