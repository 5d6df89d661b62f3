// SPDX-License-Identifier: GPL-2.0

//! Only the guard enables what it has disabled.

use kernel::prelude::*;
use kernel::sync::Arc;

type Pointer = Arc<Item>;

include!("both.rs");

pub fn program(item: &Item) {
    item.work.enable(); //~ E0599
}
