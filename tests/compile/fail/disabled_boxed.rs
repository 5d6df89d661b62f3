// SPDX-License-Identifier: GPL-2.0

//! A caller that has a boxed item has not enqueued it, and could not enqueue it while disabled.

use kernel::prelude::*;
use kernel::workqueue::Disabled;

type Pointer = Pin<KBox<Item>>;

include!("both.rs");

pub fn program(item: Pin<KBox<Item>>) {
    let _ = Disabled::<_, 1>::new(item); //~ E0277 //~ E0277
}
