// SPDX-License-Identifier: GPL-2.0

//! T9: the item must stay valid until the handle has stopped it.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::WorkHandle;

type Pointer = Arc<Item>;

include!("both.rs");

pub fn program(handle: WorkHandle<Arc<Item>, 1>) -> Arc<Item> {
    *handle //~ E0507
}
