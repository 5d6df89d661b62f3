// SPDX-License-Identifier: GPL-2.0

//! That a device is bound is true as long as `run` is executed, and no longer.

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::sync::SetOnce;
use kernel::workqueue::{DeviceWork, DeviceWorkItem, ScopedWork};

pub struct Item {
    dev: SetOnce<&'static Device<Bound>>,
}

impl DeviceWorkItem for Item {
    fn run(this: &ScopedWork<DeviceWork<Self>>, dev: &Device<Bound>) {
        this.dev.populate(dev); //~ E0521
    }
}

pub fn not_bound(dev: &Device, item: &kernel::devres::Devres<ScopedWork<DeviceWork<Item>>>) -> Result {
    item.access(dev)?.enqueue() //~ E0308
}
