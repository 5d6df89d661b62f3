// SPDX-License-Identifier: GPL-2.0

//! The value belongs to the item that drops it.

use kernel::prelude::*;
use kernel::workqueue::DeferredDrop;

pub fn value(deferred: DeferredDrop<KVec<u8>>) -> KVec<u8> {
    *deferred //~ E0507
}

pub fn mutable(mut deferred: DeferredDrop<KVec<u8>>) {
    core::mem::take(&mut *deferred); //~ E0596
}

pub fn used_later(deferred: DeferredDrop<KVec<u8>>) -> usize {
    let value: &KVec<u8> = &deferred;
    drop(deferred); //~ E0505
    value.len()
}
