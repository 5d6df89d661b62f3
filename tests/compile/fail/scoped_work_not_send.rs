// SPDX-License-Identifier: GPL-2.0

//! The data is dropped with the item, so it does not go to other threads unless it may.

use kernel::prelude::*;
use kernel::sync::{Mutex, MutexGuard};
use kernel::workqueue::{new_scoped_work, Queue};

type Data = MutexGuard<'static, u32>;

include!("scoped.rs");

pub fn program(queue: &Queue, data: Data) -> Result {
    let item = KBox::pin_init(new_scoped_work!(queue, Item { data }, "Item"), GFP_KERNEL)?;
    queue.try_spawn(GFP_KERNEL, move || drop(item))?; //~ E0277
    //~ guards unsafe impl Send for ScopedWork: T: Send
    Ok(())
}
