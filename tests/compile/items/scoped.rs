// SPDX-License-Identifier: GPL-2.0

// The data of a scoped item, for programs that are not about the data: `Data` is what they define it
// to be.

use kernel::workqueue::{ScopedWork, ScopedWorkItem};

pub struct Item {
    data: Data,
}

impl ScopedWorkItem for Item {
    fn run(_this: &ScopedWork<Self>) {}
}
