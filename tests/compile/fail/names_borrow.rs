// SPDX-License-Identifier: GPL-2.0

//! Lockdep keeps the names and the classes for ever.

use kernel::prelude::*;
use kernel::sync::{Arc, LockClassKey};

type Pointer = Arc<Item>;
type Key = Pin<&'static LockClassKey>;

include!("both.rs");

pub fn name(name: &CStr, key: Key) {
    let _ = Work::<Item, 1>::new(name, key); //~ E0521 //~ guards Work::new: name: 'static
}

pub fn key(key: Pin<&LockClassKey>) {
    let _ = Work::<Item, 1>::new(c"name", key); //~ E0521 //~ guards Work::new: key: 'static
}

pub fn work_name(name: &CStr, key: Key) {
    let _ = DelayedWork::<Item, 2>::new(name, key, c"timer", key); //~ E0521
    //~ guards DelayedWork::new: work_name: 'static
}

pub fn work_key(short: Pin<&LockClassKey>, key: Key) {
    let _ = DelayedWork::<Item, 2>::new(c"work", short, c"timer", key); //~ E0521
    //~ guards DelayedWork::new: work_key: 'static
}

pub fn timer_name(name: &CStr, key: Key) {
    let _ = DelayedWork::<Item, 2>::new(c"work", key, name, key); //~ E0521
    //~ guards DelayedWork::new: timer_name: 'static
}

pub fn timer_key(short: Pin<&LockClassKey>, key: Key) {
    let _ = DelayedWork::<Item, 2>::new(c"work", key, c"timer", short); //~ E0521
    //~ guards DelayedWork::new: timer_key: 'static
}
