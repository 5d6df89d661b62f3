// SPDX-License-Identifier: GPL-2.0

//! What has found the place may look into it at any time.

use kernel::prelude::*;
use kernel::workqueue::{InstalledQueue, ModuleQueue, OwnedQueue};

pub fn local(queue: OwnedQueue) -> Result<InstalledQueue> {
    let place = ModuleQueue::new();
    place.install(queue) //~ E0597 //~ guards ModuleQueue::install: self: 'static
}

pub fn copied(queue: OwnedQueue) -> Result<InstalledQueue> {
    // Each use of a constant is a place of its own.
    const PLACE: ModuleQueue = ModuleQueue::new();
    PLACE.install(queue) //~ E0716 //~ guards ModuleQueue::install: self: 'static
}
