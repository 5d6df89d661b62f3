// SPDX-License-Identifier: GPL-2.0

//! The item lives until the device is unbound, which may be when what its data borrows is gone.

use kernel::device::{Bound, Device};
use kernel::workqueue::{DeviceWork, DeviceWorkItem, ScopedWork};

pub struct Item<'a> {
    dev: &'a Device<Bound>,
}

impl DeviceWorkItem for Item<'_> { //~ E0478 //~ E0803 //~ guards DeviceWorkItem: Self: 'static
    fn run(_this: &ScopedWork<DeviceWork<Self>>, _dev: &Device<Bound>) {}
}
