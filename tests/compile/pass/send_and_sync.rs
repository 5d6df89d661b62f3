// SPDX-License-Identifier: GPL-2.0

//! What may be used by any thread, also if the item may not: a work has no item.

use kernel::task_work::TaskWork;
use kernel::workqueue::{
    DeferredDrop, DelayedWork, DeviceWork, DeviceWorkItem, InstalledQueue, ModuleQueue, OwnedQueue, Queue, Scope,
    ScopedWork, Work, WorkClass,
};

/// Neither Send nor Sync.
type Item = *mut u32;

/// Any data for a device.
const fn device<T: DeviceWorkItem>() {
    send::<ScopedWork<DeviceWork<T>>>();
    sync::<ScopedWork<DeviceWork<T>>>();
}

const fn send<T: Send>() {}
const fn sync<T: Sync>() {}

const _: () = send::<Queue>(); //~ guards unsafe impl Send for Queue
const _: () = sync::<Queue>(); //~ guards unsafe impl Sync for Queue
const _: () = send::<OwnedQueue>(); //~ guards unsafe impl Send for OwnedQueue
const _: () = sync::<OwnedQueue>(); //~ guards unsafe impl Sync for OwnedQueue
const _: () = send::<Work<Item>>(); //~ guards unsafe impl Send for Work
const _: () = sync::<Work<Item>>(); //~ guards unsafe impl Sync for Work
const _: () = send::<DelayedWork<Item>>(); //~ guards unsafe impl Send for DelayedWork
const _: () = sync::<DelayedWork<Item>>(); //~ guards unsafe impl Sync for DelayedWork
const _: () = sync::<Scope<'_, '_>>();
const _: () = send::<ScopedWork<u32>>(); //~ guards unsafe impl Send for ScopedWork
const _: () = sync::<ScopedWork<u32>>(); //~ guards unsafe impl Sync for ScopedWork
const _: () = send::<DeferredDrop<u32>>();
const _: () = sync::<DeferredDrop<u32>>();
const _: () = send::<ModuleQueue>();
const _: () = sync::<ModuleQueue>();
const _: () = send::<InstalledQueue>();
const _: () = sync::<InstalledQueue>();
const _: () = send::<WorkClass>();
const _: () = sync::<WorkClass>();
const _: () = send::<TaskWork<Item>>(); //~ guards unsafe impl Send for TaskWork
const _: () = sync::<TaskWork<Item>>(); //~ guards unsafe impl Sync for TaskWork
