// SPDX-License-Identifier: GPL-2.0

//! The data of a scoped item says what is to be executed.

use kernel::prelude::*;
use kernel::workqueue::{new_scoped_work, DeviceWork, Queue};

pub struct Nothing(u32); //~ E0277

pub fn scoped(queue: &Queue, data: Nothing) {
    let _ = KBox::pin_init(new_scoped_work!(queue, data, "Nothing"), GFP_KERNEL); //~ E0277
    //~ message: `Nothing` is not the data of a scoped work item
    //~ message: implement `ScopedWorkItem` for it
}

pub fn device(_data: &DeviceWork<Nothing>) {} //~ E0277
//~ message: `Nothing` is not the data of a work item of a device
//~ message: implement `DeviceWorkItem` for it
