// SPDX-License-Identifier: GPL-2.0

//! A macro says which field of an item its work is.

use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::{Work, WorkItem};

#[pin_data]
pub struct Item {
    #[pin]
    work: Work<Item>,
}

impl WorkItem for Item {
    type Pointer = Arc<Self>; //~ E0277
    //~ message: `Item` does not say which of its fields is the `Work` with this ID
    //~ message: name it with `impl_has_work!`

    fn run(_this: Arc<Self>) {}
}
