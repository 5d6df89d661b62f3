// SPDX-License-Identifier: GPL-2.0

//! Lockdep keeps the names and the classes for ever.

use kernel::prelude::*;
use kernel::sync::LockClassKey;
use kernel::workqueue::WorkClass;

type Key = Pin<&'static LockClassKey>;

pub fn name(name: &CStr, key: Key) {
    let _ = WorkClass::new(name, key, c"timer", key); //~ E0521 //~ guards WorkClass::new: name: 'static
}

pub fn key(short: Pin<&LockClassKey>, key: Key) {
    let _ = WorkClass::new(c"work", short, c"timer", key); //~ E0521 //~ guards WorkClass::new: key: 'static
}

pub fn timer_name(name: &CStr, key: Key) {
    let _ = WorkClass::new(c"work", key, name, key); //~ E0521 //~ guards WorkClass::new: timer_name: 'static
}

pub fn timer_key(short: Pin<&LockClassKey>, key: Key) {
    let _ = WorkClass::new(c"work", key, c"timer", short); //~ E0521 //~ guards WorkClass::new: timer_key: 'static
}
