// SPDX-License-Identifier: GPL-2.0

//! A worker may be using the data, whatever reference to the item there is.

use kernel::prelude::*;

type Data = u32;

include!("scoped.rs");

pub fn assigned(item: Pin<KBox<ScopedWork<Item>>>) {
    item.data = 1; //~ E0594
}

pub fn borrowed(mut item: Pin<KBox<ScopedWork<Item>>>) {
    core::mem::take(&mut item.data); //~ E0596
}

pub fn projected(item: Pin<&mut ScopedWork<Item>>) {
    let _ = item.project().data; //~ E0616
}

pub fn set(mut item: Pin<&mut ScopedWork<Item>>, data: Item) {
    item.set(data); //~ E0308
}
