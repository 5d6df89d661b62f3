// SPDX-License-Identifier: GPL-2.0

//! Only `DeviceWork::new` sees to it that the item is gone before its device is.

use kernel::device::Device;
use kernel::sync::aref::ARef;
use kernel::workqueue::DeviceWork;

pub fn program(dev: ARef<Device>, data: u32) -> DeviceWork<u32> {
    DeviceWork { dev, data } //~ E0451
}
