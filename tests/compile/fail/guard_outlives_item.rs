// SPDX-License-Identifier: GPL-2.0

//! T9: enabling an item that is gone would write to freed memory.

use kernel::prelude::*;
use kernel::sync::Arc;

type Pointer = Arc<Item>;

include!("both.rs");

pub fn program(item: Arc<Item>) {
    let (guard, _) = item.work.disable();
    drop(item); //~ E0505
    drop(guard);
}
