// SPDX-License-Identifier: GPL-2.0

//! An item stays where it is, as long as a queue may have it, and so does its data.

use kernel::prelude::*;
use kernel::workqueue::{new_scoped_work, Queue};

type Data = KVec<u8>;

include!("scoped.rs");

pub fn item(item: Pin<KBox<ScopedWork<Item>>>) -> ScopedWork<Item> {
    *item //~ E0507
}

pub fn data(item: Pin<KBox<ScopedWork<Item>>>) -> Data {
    item.data //~ E0507
}

pub fn unpinned(item: Pin<KBox<ScopedWork<Item>>>) -> KBox<ScopedWork<Item>> {
    Pin::into_inner(item) //~ E0277
}

pub fn swapped(one: Pin<&mut ScopedWork<Item>>, other: Pin<&mut ScopedWork<Item>>) {
    core::mem::swap(one.get_mut(), other.get_mut()); //~ E0277 //~ E0277
}

pub fn never_pinned(queue: &Queue, data: Data) -> Result<KBox<ScopedWork<Item>>> {
    KBox::init(new_scoped_work!(queue, Item { data }, "Item"), GFP_KERNEL) //~ E0308
}
