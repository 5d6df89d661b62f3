// SPDX-License-Identifier: GPL-2.0

//! The receiver of a UART with DMA: its timeout is part of the port, which is pinned and not reference counted, and
//! each interrupt puts it off.

use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::{new_spinlock, SpinLock};
use kernel::time::Delta;
use kernel::workqueue::{new_scoped_work, system_highpri, ScopedWork, ScopedWorkItem};

const IDLE: Delta = Delta::from_millis(2);

/// What the interrupt and the timeout share.
#[pin_data]
pub struct Receiver {
    #[pin]
    ring: SpinLock<KVec<u8>>,
    position: Atomic<usize>,
    pushed: Atomic<usize>,
}

impl Receiver {
    fn push(&self, position: usize) {
        let ring = self.ring.lock();
        let from = self.pushed.load(Relaxed);
        if let Some(bytes) = ring.get(from..position) {
            self.pushed.store(from + bytes.len(), Relaxed);
        }
    }
}

impl ScopedWorkItem for Receiver {
    /// The line is idle: what has arrived is pushed although the buffer is not full.
    fn run(this: &ScopedWork<Self>) {
        this.push(this.position.load(Relaxed));
    }
}

#[pin_data]
pub struct Port {
    #[pin]
    timeout: ScopedWork<Receiver>,
    line: u32,
}

impl Port {
    pub fn new(line: u32, ring: KVec<u8>) -> impl PinInit<Self, Error> {
        let receiver = pin_init!(Receiver {
            ring <- new_spinlock!(ring),
            position: Atomic::new(0),
            pushed: Atomic::new(0),
        });
        try_pin_init!(Self {
            timeout <- new_scoped_work!(system_highpri(), receiver, "Port::timeout"),
            line,
        })
    }

    /// Called in hardirq context.
    pub fn interrupt(&self, position: usize) {
        self.timeout.position.store(position, Relaxed);
        // `EBUSY` while the port is shut down.
        let _was_pending = self.timeout.mod_delayed(IDLE);
    }

    pub fn shutdown(&self) {
        self.timeout.disable_sync();
        self.timeout.push(self.timeout.position.load(Relaxed));
    }

    pub fn startup(&self) -> u32 {
        self.timeout.pushed.store(0, Relaxed);
        self.timeout.enable();
        self.line
    }
}
