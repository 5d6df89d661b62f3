// SPDX-License-Identifier: GPL-2.0

//! A boxed item is never refused, so it must not be disabled, not even for a moment.

use kernel::prelude::*;

type Pointer = Pin<KBox<Item>>;

include!("both.rs");

pub fn program(item: &Item) {
    let _ = item.work.cancel_sync(); //~ E0599
}
