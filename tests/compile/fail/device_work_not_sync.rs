// SPDX-License-Identifier: GPL-2.0

//! The worker and the driver may use the data at the same time.

use core::cell::Cell;
use kernel::device::{Bound, Device};
use kernel::workqueue::{DeviceWork, DeviceWorkItem, ScopedWork};

pub struct Item {
    value: Cell<u32>,
}

impl DeviceWorkItem for Item { //~ E0277 //~ guards DeviceWorkItem: Self: Sync
    fn run(_this: &ScopedWork<DeviceWork<Self>>, _dev: &Device<Bound>) {}
}
