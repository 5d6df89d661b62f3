// SPDX-License-Identifier: GPL-2.0

//! Only the type of a module can own a closure.

use kernel::prelude::*;
use kernel::task::Task;
use kernel::task_work::{self, NotifyMode};

include!("module.rs");

pub struct Other;

impl kernel::ModuleMetadata for Other {
    const NAME: &'static CStr = c"other";

    const THIS_MODULE: ThisModule = <LocalModule as kernel::ModuleMetadata>::THIS_MODULE;
}

pub fn program(task: &Task) {
    let _ = task_work::try_spawn::<Other, _>(task, NotifyMode::Resume, GFP_KERNEL, || {}); //~ E0277
}
