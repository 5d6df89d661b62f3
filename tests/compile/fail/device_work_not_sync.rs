// SPDX-License-Identifier: GPL-2.0

//! The worker and the driver may use the data, and the resource, at the same time.

use core::cell::Cell;
use kernel::devres::Devres;
use kernel::workqueue::{DeviceWork, DeviceWorkItem, ScopedWork};

pub struct Item {
    value: Cell<u32>,
}

impl DeviceWorkItem for Item { //~ E0277 //~ guards DeviceWorkItem: Self: Sync
    type Resource = Devres<u32>;

    fn run(_this: &ScopedWork<DeviceWork<Self>>, _resource: &u32) {}
}

pub struct Uses;

impl DeviceWorkItem for Uses {
    type Resource = Devres<Cell<u32>>; //~ E0277 //~ guards DeviceWorkItem: Resource: Sync

    fn run(_this: &ScopedWork<DeviceWork<Self>>, _resource: &Cell<u32>) {}
}
