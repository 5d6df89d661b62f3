// SPDX-License-Identifier: GPL-2.0

//! A device can be bound while its resources are being released. What is added then is not stopped in time.

use kernel::device::{Bound, Device};
use kernel::devres::Devres;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::workqueue::{system_dfl, work_class, DeviceWork, DeviceWorkItem, ScopedWork};

pub struct Item;

impl DeviceWorkItem for Item {
    type Resource = Devres<u32>;

    fn run(_this: &ScopedWork<DeviceWork<Self>>, _resource: &u32) {}
}

/// As in an interrupt handler or in a callback of a class.
pub fn program(dev: &Device<Bound>, resource: Arc<Devres<u32>>) -> Result {
    let item = DeviceWork::new(dev, resource, system_dfl(), Item, work_class!("Item"))?; //~ E0308
    drop(item);
    Ok(())
}
