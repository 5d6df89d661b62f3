// SPDX-License-Identifier: GPL-2.0

//! Only the queue has a boxed item that is queued, so it cannot be taken back.

use kernel::prelude::*;

type Pointer = Pin<KBox<Item>>;

include!("both.rs");

pub fn program(item: &Item) {
    let _ = item.work.cancel(); //~ E0599
}
