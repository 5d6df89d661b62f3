// SPDX-License-Identifier: GPL-2.0

//! A module whose code is executed when nothing of it waits for that: something has to keep it loaded.

use kernel::module::ModuleRef;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::time::{delay::fsleep, Delta};
use kernel::workqueue::{self, OwnedQueue, Queue};

module! {
    type: Module,
    name: "kept",
    authors: ["Rust for Linux Contributors"],
    description: "Module that is kept by its work",
    license: "GPL",
    params: {
        owner: u8 {
            default: 0,
            description: "0: a closure that keeps the module, 1: one that drops the owner of its queue, 2: both",
        },
    },
}

/// Executes what starts the rest, and is waited for.
struct Module {
    _queue: OwnedQueue,
}

fn work(what: &str) {
    fsleep(Delta::from_millis(500));
    pr_info!("{what} executed\n");
}

/// A closure that must be refused, and come back.
fn must_be_refused(queue: &Queue, error: Error) -> Result {
    let refused = queue.try_spawn_in_module::<LocalModule, _>(GFP_KERNEL, || pr_info!("refused\n"));

    match refused {
        Err(refused) if refused.error == error => {
            (refused.item)();
            Ok(())
        }
        _ => Err(EINVAL),
    }
}

/// A closure on a queue of the system.
fn closure() -> Result {
    let queue = workqueue::system_dfl();
    queue.try_spawn_in_module::<LocalModule, _>(GFP_KERNEL, || {
        // What is refused keeps the module for a moment, so that has to be while this does.
        if let Err(error) = late() {
            pr_err!("not refused: {error:?}\n");
            // Who waits for the module to be released notices.
            core::mem::forget(ModuleRef::try_get::<LocalModule>());
        }
        work("closure");
    })?;
    Ok(())
}

/// A closure that has the last share of its own queue.
fn last_owner() -> Result {
    let queue = Arc::new(Queue::new_unbound().build(c"kept-last")?, GFP_KERNEL)?;
    let last = queue.clone();

    queue.try_spawn(GFP_KERNEL, move || {
        // The other share is gone.
        fsleep(Delta::from_millis(50));
        drop(last);
        work("owner");
    })?;
    Ok(())
}

/// The same with a closure that keeps the module itself until it has returned, while another one is executed.
fn last_owner_is_kept() -> Result {
    let queue = Arc::new(Queue::new_unbound().build(c"kept-both")?, GFP_KERNEL)?;
    let last = queue.clone();

    queue.try_spawn(GFP_KERNEL, || work("other"))?;
    queue.try_spawn_in_module::<LocalModule, _>(GFP_KERNEL, move || {
        fsleep(Delta::from_millis(50));
        drop(last);
    })?;
    Ok(())
}

/// A closure that comes too late for its queue.
fn late() -> Result {
    let queue = Queue::new_unbound().build(c"kept-closed")?;

    queue.shutdown();
    must_be_refused(&queue, ESHUTDOWN)
}

impl kernel::Module for Module {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let queue = Queue::new_unbound().build(c"kept")?;
        must_be_refused(workqueue::system_dfl(), ENODEV)?;
        let start = match module_parameters::owner.value() {
            0 => closure,
            1 => last_owner,
            _ => last_owner_is_kept,
        };

        queue.try_spawn(GFP_KERNEL, move || {
            // Nothing keeps the module before `init` has returned.
            fsleep(Delta::from_millis(100));
            if let Err(error) = start() {
                pr_err!("not started: {error:?}\n");
            }
        })?;
        Ok(Self { _queue: queue })
    }
}
