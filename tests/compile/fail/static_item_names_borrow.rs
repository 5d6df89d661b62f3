// SPDX-License-Identifier: GPL-2.0

//! Lockdep keeps the names and the classes for ever.

use kernel::prelude::*;
use kernel::sync::LockClassKey;

include!("static_item.rs");

type Key = Pin<&'static LockClassKey>;

pub fn name(place: *const Work<Item>, name: &CStr, key: Key) -> Work<Item> {
    unsafe { Work::new_static(place, name, key) } //~ E0521 //~ guards Work::new_static: name: 'static
}

pub fn key(place: *const Work<Item>, key: Pin<&LockClassKey>) -> Work<Item> {
    unsafe { Work::new_static(place, c"name", key) } //~ E0521 //~ guards Work::new_static: key: 'static
}

pub fn elsewhere(place: *const Work<Item>, key: Key) -> Work<Item> {
    Work::new_static(place, c"name", key) //~ E0133
}
