// SPDX-License-Identifier: GPL-2.0

//! The plain variants do not know of the timer, so there is no way to the inner item.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::HasWork;

type Pointer = Arc<Item>;

include!("both.rs");

pub fn program(item: &mut Item) {
    let inner = <Item as HasWork<Item, 2>>::raw_get_work(item); //~ E0133
    let _ = inner;
}
