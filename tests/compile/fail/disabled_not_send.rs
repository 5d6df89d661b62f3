// SPDX-License-Identifier: GPL-2.0

//! Disabling takes back a pointer that another thread may have enqueued.

use kernel::prelude::*;
use kernel::workqueue::Disabled;

include!("not_send.rs");

pub fn program(item: Arc<Item>) {
    let _ = Disabled::<_, 1>::new(item); //~ E0277 //~ E0277 //~ E0277 //~ E0277
    //~ guards Disabled: P: Send
}
