// SPDX-License-Identifier: GPL-2.0

//! The value is dropped by a worker, when what it borrows may be gone.

use kernel::prelude::*;
use kernel::workqueue::{DeferredDrop, Queue};

pub struct Buffer<'a>(&'a u32);

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        let _copy = *self.0;
    }
}

pub fn program(queue: &Queue) -> Result {
    let value = 1;
    let buffer = Buffer(&value); //~ E0597 //~ guards DeferredDrop: T: 'static
    let deferred = DeferredDrop::new(buffer, queue, GFP_KERNEL)?;
    drop(deferred);
    Ok(())
}
