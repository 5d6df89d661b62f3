// SPDX-License-Identifier: GPL-2.0

//! Only a place that has the queue makes its owner.

use kernel::workqueue::{InstalledQueue, ModuleQueue, OwnedQueue};

static PLACE: ModuleQueue = ModuleQueue::new();

pub fn program(queue: OwnedQueue) -> InstalledQueue {
    InstalledQueue { place: &PLACE, queue } //~ E0451
}
