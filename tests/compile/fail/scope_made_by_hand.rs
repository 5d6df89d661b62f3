// SPDX-License-Identifier: GPL-2.0

//! Only OwnedQueue::scope waits.

use core::marker::PhantomData;
use kernel::prelude::*;
use kernel::sync::atomic::Atomic;
use kernel::workqueue::{OwnedQueue, Scope};

pub fn program<'a>(queue: &'a OwnedQueue) -> Scope<'a, 'a> {
    Scope { queue, spawned: Atomic::new(false), _scope: PhantomData, _env: PhantomData } //~ E0451
}
