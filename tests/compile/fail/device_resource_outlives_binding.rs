// SPDX-License-Identifier: GPL-2.0

//! A resource is there as long as its device is known to be bound, and what owns it is there.

use kernel::device::{Bound, Device};
use kernel::workqueue::DeviceResource;

pub fn longer_than_bound<'a, R: DeviceResource>(resource: &'a R, dev: &Device<Bound>) -> Option<&'a R::Of<'a>> {
    resource.access(dev).ok() //~ E0621 //~ guards DeviceResource::access: dev: 'a
}

pub fn longer_than_owned<'a, R: DeviceResource>(resource: &R, dev: &'a Device<Bound>) -> Option<&'a R::Of<'a>> {
    resource.access(dev).ok() //~ E0621 //~ guards DeviceResource::access: self: 'a
}
