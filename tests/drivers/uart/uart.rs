// SPDX-License-Identifier: GPL-2.0

//! The receiver of a UART with DMA, with hardware that is faked.
//!
//! DMA writes what is received to a ring, and nothing tells when the other side has stopped
//! sending. So each interrupt puts off a time-out, by `mod_delayed_work`, and when that has passed,
//! what is in the ring is given to the tty. If the ring is half full, this must not be put off any
//! more.
//!
//! A driver in C has a `struct delayed_work` in its port. In Rust, an item had to be part of
//! something that is reference counted, which a port that belongs to its device is not, and the
//! interrupt had to have a reference of its own for each enqueue. On suspend and remove the order
//! matters: first the interrupt, then the item, since the one enqueues the other.
//!
//! Here the item is a field of the port: a [`ScopedWork`]. The interrupt borrows it. The order does
//! not matter: what comes while the item is disabled is refused, and stays in the ring.

use kernel::{
    device::{
        Bound,
        Device, //
    },
    devres::Devres,
    prelude::*,
    sync::{
        new_mutex,
        Arc,
        Mutex, //
    },
    time::Delta,
    workqueue::{
        new_scoped_work,
        system_dfl,
        ScopedWork,
        ScopedWorkItem, //
    },
};

#[path = "../checks.rs"]
mod checks;
mod fake;
mod scenario;

use fake::{
    Dma,
    Tty, //
};

/// The other side has stopped sending if nothing has come for so long.
pub(crate) const IDLE: Delta = Delta::from_millis(60);

/// What the item works with.
#[pin_data]
struct Receiver {
    dma: Arc<Dma>,
    /// Also keeps the bytes in order, if the port is suspended.
    #[pin]
    tty: Mutex<Arc<Tty>>,
}

impl Receiver {
    fn push(&self) {
        let tty = self.tty.lock();

        while let Some(byte) = self.dma.take() {
            tty.insert(byte);
        }
        tty.push();
    }
}

impl ScopedWorkItem for Receiver {
    fn run(this: &ScopedWork<Self>) {
        this.push();
    }
}

#[pin_data]
pub(crate) struct Port {
    #[pin]
    receiver: ScopedWork<Receiver>,
}

impl Port {
    pub(crate) fn probe(dev: &Device<Bound>, dma: Arc<Dma>, tty: Arc<Tty>) -> Result<Devres<Self>> {
        let receiver = pin_init!(Receiver {
            dma,
            tty <- new_mutex!(tty, "Receiver::tty"),
        });

        Devres::new(
            dev,
            try_pin_init!(Self {
                receiver <- new_scoped_work!(system_dfl(), receiver, "Port::receiver"),
            }),
        )
    }

    /// DMA has written something. In hardirq context.
    pub(crate) fn interrupt(&self) -> Result {
        let half_full = self.receiver.dma.is_half_full();
        let delay = if half_full { Delta::ZERO } else { IDLE };

        self.receiver.mod_delayed(delay).map(drop)
    }

    pub(crate) fn suspend(&self) {
        if self.receiver.disable_sync() {
            self.receiver.push();
        }
    }

    pub(crate) fn resume(&self) -> Result {
        self.receiver.enable();
        // What has come meanwhile.
        self.receiver.mod_delayed(Delta::ZERO).map(drop)
    }
}

// The module, which drives itself.

module! {
    type: Module,
    name: "uart",
    authors: ["Rust for Linux Contributors"],
    description: "Receiver with an item that interrupts put off",
    license: "GPL",
}

struct Module;

impl kernel::Module for Module {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        checks::Checks::run(scenario::run)?;
        Ok(Self)
    }
}
