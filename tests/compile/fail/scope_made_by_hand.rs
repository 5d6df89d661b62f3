// SPDX-License-Identifier: GPL-2.0

//! Only OwnedQueue::scope waits.

use core::marker::PhantomData;
use core::ptr::NonNull;
use kernel::prelude::*;
use kernel::workqueue::{OwnedQueue, Scope};

pub fn program<'a>(queue: &'a OwnedQueue) -> Scope<'a, 'a> {
    Scope { queue, data: NonNull::dangling(), _scope: PhantomData, _env: PhantomData } //~ E0451 //~ no code
}
