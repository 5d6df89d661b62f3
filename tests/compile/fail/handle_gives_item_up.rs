// SPDX-License-Identifier: GPL-2.0

//! A handle lends the item, and stops it in the end.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::WorkHandle;

type Pointer = Arc<Item>;

include!("both.rs");

pub fn program(handle: WorkHandle<Arc<Item>, 1>) -> Item {
    *handle //~ E0507
}
