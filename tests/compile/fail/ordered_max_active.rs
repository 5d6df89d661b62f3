// SPDX-License-Identifier: GPL-2.0

//! T11: an ordered queue always has a max_active of one.

use kernel::prelude::*;
use kernel::workqueue::Builder;

pub fn program() {
    let _ = Builder::ordered().max_active::<2>(); //~ E0599
}
