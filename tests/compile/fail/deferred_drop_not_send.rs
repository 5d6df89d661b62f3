// SPDX-License-Identifier: GPL-2.0

//! The value is dropped by another thread, and until then it is as shared as its owner.

use core::cell::Cell;
use kernel::prelude::*;
use kernel::sync::MutexGuard;
use kernel::workqueue::{DeferredDrop, Queue};

pub fn program(queue: &Queue, guard: MutexGuard<'static, u32>) {
    let _ = DeferredDrop::new(guard, queue, GFP_KERNEL); //~ E0277 //~ E0277
    //~ guards DeferredDrop: T: Send
}

const fn sync<T: Sync>() {}

const _: () = sync::<DeferredDrop<Cell<u32>>>(); //~ E0277
