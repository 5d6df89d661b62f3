// SPDX-License-Identifier: GPL-2.0

//! The handle may be dropped by another thread than the one that enqueued the item.

use kernel::prelude::*;
use kernel::workqueue::WorkHandle;

include!("not_send.rs");

pub fn program(item: Arc<Item>) {
    let _ = WorkHandle::<_, 1>::new(item); //~ E0277 //~ E0277 //~ E0277 //~ E0277
    //~ guards WorkHandle: P: Send
}
