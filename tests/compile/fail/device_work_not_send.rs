// SPDX-License-Identifier: GPL-2.0

//! The data, and the resource, are dropped by the thread that unbinds the device.

use kernel::devres::Devres;
use kernel::sync::MutexGuard;
use kernel::workqueue::{DeviceWork, DeviceWorkItem, ScopedWork};

pub struct Item {
    guard: MutexGuard<'static, u32>,
}

impl DeviceWorkItem for Item { //~ E0277 //~ guards DeviceWorkItem: Self: Send
    type Resource = Devres<u32>;

    fn run(_this: &ScopedWork<DeviceWork<Self>>, _resource: &u32) {}
}

pub struct Uses;

impl DeviceWorkItem for Uses {
    type Resource = Devres<MutexGuard<'static, u32>>; //~ E0277 //~ E0277 //~ guards DeviceWorkItem: Resource: Send

    fn run(_this: &ScopedWork<DeviceWork<Self>>, _resource: &MutexGuard<'static, u32>) {} //~ E0277
}
