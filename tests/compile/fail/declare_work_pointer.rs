// SPDX-License-Identifier: GPL-2.0

//! A static item is enqueued by its reference, so it cannot have another pointer, nor one that ends.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::{declare_work, system_dfl};

type Pointer = Arc<Item>;

include!("both.rs");

pub struct Both {
    work: Work<Item, 1>,
}

declare_work! {
    static COUNTED: Both { work: "COUNTED" }; //~ E0271
}

mod fixed {
    include!("static_item.rs");
}

pub fn short<'a>(item: &'a fixed::Item) {
    let _ = system_dfl().enqueue(item); //~ E0521
}
