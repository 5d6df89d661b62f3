// SPDX-License-Identifier: GPL-2.0

//! The resource is there as long as `run` is executed.

use kernel::devres::Devres;
use kernel::sync::SetOnce;
use kernel::workqueue::{DeviceWork, DeviceWorkItem, ScopedWork};

pub struct Item {
    kept: SetOnce<&'static u32>,
}

impl DeviceWorkItem for Item {
    type Resource = Devres<u32>;

    fn run(this: &ScopedWork<DeviceWork<Self>>, resource: &u32) {
        this.kept.populate(resource); //~ E0521
    }
}
