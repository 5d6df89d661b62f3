// SPDX-License-Identifier: GPL-2.0

//! What the GPU driver of Asahi frees when the firmware is done with it: maybe in an interrupt, so a worker does it.

use kernel::prelude::*;
use kernel::sync::{new_spinlock_irq, SpinLockIrq};
use kernel::workqueue::{DeferredDrop, InstalledQueue, ModuleQueue, Queue};

static CLEANUP: ModuleQueue = ModuleQueue::new();

/// Unmapping it sleeps.
pub struct Object {
    pages: KVVec<u8>,
}

impl Drop for Object {
    fn drop(&mut self) {
        pr_info!("{} bytes are given back\n", self.pages.len());
    }
}

/// An object that may be dropped anywhere.
pub struct GpuObject {
    object: DeferredDrop<Object>,
}

impl GpuObject {
    pub fn new(size: usize) -> Result<Self> {
        let object = Object { pages: KVVec::with_capacity(size, GFP_KERNEL)? };
        let queue = CLEANUP.get()?;
        Ok(Self { object: DeferredDrop::new(object, &queue, GFP_KERNEL)? })
    }

    pub fn size(&self) -> usize {
        self.object.pages.len()
    }
}

#[pin_data]
pub struct EventManager {
    #[pin]
    slots: SpinLockIrq<[Option<GpuObject>; 16]>,
}

impl EventManager {
    pub fn new() -> impl PinInit<Self> {
        pin_init!(Self { slots <- new_spinlock_irq!([const { None }; 16]) })
    }
}

pub struct Asahi {
    // Registrations of drivers come before.
    _cleanup: InstalledQueue,
}

impl kernel::Module for Asahi {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let queue = Queue::new_unbound().mem_reclaim().build(c"asahi-cleanup")?;
        Ok(Self { _cleanup: CLEANUP.install(queue)? })
    }
}

module! {
    type: Asahi,
    name: "asahi_cleanup",
    authors: ["Rust for Linux Contributors"],
    description: "What a GPU is done with",
    license: "GPL",
}
