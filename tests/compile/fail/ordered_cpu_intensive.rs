// SPDX-License-Identifier: GPL-2.0

//! T10: C ignores the flag for an unbound queue, and an ordered one is unbound.

use kernel::prelude::*;
use kernel::workqueue::Builder;

pub fn program() {
    let _ = Builder::ordered().cpu_intensive(); //~ E0599
}
