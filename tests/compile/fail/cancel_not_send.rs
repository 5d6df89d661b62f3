// SPDX-License-Identifier: GPL-2.0

//! Cancelling returns the pointer on the thread of the caller, and no queue takes such an item.

use kernel::prelude::*;

include!("not_send.rs");

pub fn plain(item: &Item) {
    let _ = item.work.cancel(); //~ E0599 //~ guards Work::cancel: T::Pointer: Send
    let _ = item.work.cancel_sync(); //~ E0599 //~ guards Work::cancel_sync: T::Pointer: Send
    let _ = item.work.flush(); //~ E0599 //~ guards Work::flush: T::Pointer: Send
    let _ = item.work.is_pending(); //~ E0599 //~ guards Work::is_pending: T::Pointer: Send
    let _ = item.work.is_busy(); //~ E0599 //~ guards Work::is_busy: T::Pointer: Send
    let _ = item.work.stop(); //~ E0599 //~ guards Work::stop: T::Pointer: Send
}

pub fn delayed(item: &Item) {
    let _ = item.delayed.cancel(); //~ E0599 //~ guards DelayedWork::cancel: T::Pointer: Send
    let _ = item.delayed.cancel_sync(); //~ E0599 //~ guards DelayedWork::cancel_sync: T::Pointer: Send
    let _ = item.delayed.flush(); //~ E0599 //~ guards DelayedWork::flush: T::Pointer: Send
    let _ = item.delayed.flush_queued(); //~ E0599 //~ guards DelayedWork::flush_queued: T::Pointer: Send
    let _ = item.delayed.remaining(); //~ E0599 //~ guards DelayedWork::remaining: T::Pointer: Send
    let _ = item.delayed.is_pending(); //~ E0599 //~ guards DelayedWork::is_pending: T::Pointer: Send
    let _ = item.delayed.is_busy(); //~ E0599 //~ guards DelayedWork::is_busy: T::Pointer: Send
    let _ = item.delayed.stop(); //~ E0599 //~ guards DelayedWork::stop: T::Pointer: Send
}
