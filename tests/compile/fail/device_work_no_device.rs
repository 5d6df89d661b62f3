// SPDX-License-Identifier: GPL-2.0

//! An item may be running while younger resources are released, so it has no bound device to get others with.

use kernel::device::{Bound, Device};
use kernel::devres::Devres;
use kernel::sync::{Arc, SetOnce};
use kernel::workqueue::{DeviceWork, DeviceWorkItem, ScopedWork};

pub struct Item {
    younger: SetOnce<Arc<Devres<u32>>>,
}

impl DeviceWorkItem for Item {
    type Resource = Devres<u32>;

    fn run(this: &ScopedWork<DeviceWork<Self>>, _resource: &u32) {
        if let Some(younger) = this.younger.as_ref() {
            let _ = younger.access(this.device()); //~ E0308
        }
        let _ = Devres::new(this.device(), 1); //~ E0308
    }
}

pub struct Asks;

impl DeviceWorkItem for Asks {
    type Resource = Devres<u32>;

    fn run(_this: &ScopedWork<DeviceWork<Self>>, _resource: &u32, _dev: &Device<Bound>) {} //~ E0050
}
