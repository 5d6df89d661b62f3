// SPDX-License-Identifier: GPL-2.0

//! A closure does not say which module it is part of.

use kernel::prelude::*;
use kernel::task::Task;
use kernel::task_work::{self, NotifyMode};

pub fn program(task: &Task) {
    let _ = task_work::try_spawn(task, NotifyMode::Resume, GFP_KERNEL, || {}); //~ E0283
}
