// SPDX-License-Identifier: GPL-2.0

//! Only `DeviceWork::new` sees to it that the item is gone before its resource is.

use kernel::devres::Devres;
use kernel::sync::Arc;
use kernel::workqueue::{DeviceWork, DeviceWorkItem, ScopedWork};

pub struct Item;

impl DeviceWorkItem for Item {
    type Resource = Devres<u32>;

    fn run(_this: &ScopedWork<DeviceWork<Self>>, _resource: &u32) {}
}

pub fn program(resource: Arc<Devres<u32>>, data: Item) -> DeviceWork<Item> {
    DeviceWork { resource, data } //~ E0451
}
