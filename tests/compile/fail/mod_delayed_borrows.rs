// SPDX-License-Identifier: GPL-2.0

//! The item may be executed when what it borrows is gone.

use kernel::prelude::*;
use kernel::workqueue::Queue;

include!("borrows.rs");

pub fn program<'a>(queue: &Queue, item: Arc<Item<'a>>) {
    let _ = queue.mod_delayed::<_, 2>(item, kernel::time::Delta::from_millis(10)); //~ E0521
    //~ guards Queue::mod_delayed: W: 'static
}
