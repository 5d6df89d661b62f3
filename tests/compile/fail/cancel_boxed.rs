// SPDX-License-Identifier: GPL-2.0

//! T5: nobody but the queue has a boxed item that is queued, so nobody can take it back.

use kernel::prelude::*;

type Pointer = Pin<KBox<Item>>;

include!("both.rs");

pub fn program(item: &Item) {
    let _ = item.work.cancel(); //~ E0599
}
