// SPDX-License-Identifier: GPL-2.0

//! A module that gives its loader a task work, and then cannot be loaded.
//!
//! It is freed before its loader returns to user mode, whoever has references to it, so the task
//! work must be refused.

use kernel::prelude::*;
use kernel::task_work::{self, NotifyMode};

module! {
    type: FailingInit,
    name: "failing_init",
    authors: ["Rust for Linux Contributors"],
    description: "Module whose initialization fails",
    license: "GPL",
}

struct FailingInit;

impl kernel::Module for FailingInit {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        task_work::try_spawn::<LocalModule, _>(current!(), NotifyMode::Resume, GFP_KERNEL, || {
            pr_info!("executed by its loader\n")
        })?;
        Err(ECANCELED)
    }
}
