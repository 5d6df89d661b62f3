// SPDX-License-Identifier: GPL-2.0

//! The clean-up queue of Tyr: one for the module, so that no device destroys the queue that it runs on, and a closure
//! that is refused comes back.

use kernel::prelude::*;
use kernel::sync::{new_mutex, Arc, Mutex};
use kernel::workqueue::{InstalledQueue, ModuleQueue, Queue};

static CLEANUP: ModuleQueue = ModuleQueue::new();

pub struct Mapping(pub KVVec<u64>);

impl Drop for Mapping {
    fn drop(&mut self) {
        pr_info!("{} pages are unmapped\n", self.0.len());
    }
}

#[pin_data]
pub struct Vm {
    #[pin]
    mappings: Mutex<KVec<Mapping>>,
}

impl Vm {
    pub fn new() -> Result<Arc<Self>> {
        Arc::pin_init(pin_init!(Self { mappings <- new_mutex!(KVec::new()) }), GFP_KERNEL)
    }

    /// What frees page tables sleeps, so it is not done by what drops the last reference to a job.
    pub fn unmap_later(&self, mapping: Mapping) {
        let unmap = move || drop(mapping);

        let refused = match CLEANUP.get() {
            Ok(queue) => queue.try_spawn(GFP_NOWAIT, unmap).err().map(|refused| refused.item),
            Err(_) => Some(unmap),
        };
        // There is no memory, or the module is being unloaded: then it is done here.
        if let Some(unmap) = refused {
            unmap();
        }
    }

    pub fn clear(&self) {
        let mut mappings = self.mappings.lock();
        while let Some(mapping) = mappings.pop() {
            self.unmap_later(mapping);
        }
    }
}

pub struct Tyr {
    // Registrations of drivers come before.
    _cleanup: InstalledQueue,
}

impl kernel::Module for Tyr {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let queue = Queue::new_unbound().mem_reclaim().build(c"tyr-cleanup")?;
        Ok(Self { _cleanup: CLEANUP.install(queue)? })
    }
}

module! {
    type: Tyr,
    name: "tyr_cleanup",
    authors: ["Rust for Linux Contributors"],
    description: "The clean-up queue of a GPU",
    license: "GPL",
}
