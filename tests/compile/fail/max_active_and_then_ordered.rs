// SPDX-License-Identifier: GPL-2.0

//! T11: the kind is chosen once.

use kernel::prelude::*;
use kernel::workqueue::Builder;

pub fn program() {
    let _ = Builder::unbound().max_active::<2>().ordered(); //~ E0599
}
