// SPDX-License-Identifier: GPL-2.0

//! The data is dropped by the thread that unbinds the device.

use kernel::device::{Bound, Device};
use kernel::sync::MutexGuard;
use kernel::workqueue::{DeviceWork, DeviceWorkItem, ScopedWork};

pub struct Item {
    guard: MutexGuard<'static, u32>,
}

impl DeviceWorkItem for Item { //~ E0277 //~ guards DeviceWorkItem: Self: Send
    fn run(_this: &ScopedWork<DeviceWork<Self>>, _dev: &Device<Bound>) {}
}
