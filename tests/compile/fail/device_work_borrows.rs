// SPDX-License-Identifier: GPL-2.0

//! The item lives until the device is unbound, which may be when what its data borrows is gone.

use kernel::devres::Devres;
use kernel::workqueue::{DeviceWork, DeviceWorkItem, ScopedWork};

pub struct Item<'a> {
    value: &'a u32,
}

impl DeviceWorkItem for Item<'_> { //~ E0478 //~ E0803 //~ guards DeviceWorkItem: Self: 'static
    type Resource = Devres<u32>;

    fn run(_this: &ScopedWork<DeviceWork<Self>>, _resource: &u32) {} //~ E0477 //~ E0803
}
