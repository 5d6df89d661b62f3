// SPDX-License-Identifier: GPL-2.0

//! The reset of a GPU in the shape of Tyr: one item of an ordered queue, which has the registers, and cannot be
//! asked for any more when the device is being unbound.

use kernel::device;
use kernel::devres::Devres;
use kernel::platform;
use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Full, Relaxed};
use kernel::sync::Arc;
use kernel::time::{delay::fsleep, Delta};
use kernel::workqueue::{work_class, DeviceWork, DeviceWorkItem, OwnedQueue, Queue, ScopedWork};

const IDLE: u32 = 0;
const PENDING: u32 = 1;
const RUNNING: u32 = 2;

pub struct Registers {
    command: Atomic<u32>,
    status: Atomic<u32>,
}

pub struct Reset {
    state: Atomic<u32>,
}

impl DeviceWorkItem for Reset {
    type Resource = Devres<Registers>;

    fn run(this: &ScopedWork<DeviceWork<Self>>, registers: &Registers) {
        this.state.store(RUNNING, Relaxed);
        registers.command.store(1, Relaxed);
        while registers.status.load(Relaxed) == 0 {
            // This is not in an RCU critical section, so it may sleep.
            fsleep(Delta::from_micros(100));
        }
        this.state.store(IDLE, Relaxed);
    }
}

pub struct Tyr {
    reset: Devres<ScopedWork<DeviceWork<Reset>>>,
    _queue: OwnedQueue,
}

impl Tyr {
    /// Asks for a reset, from any context. Does nothing if there is one already, or none any more.
    pub fn schedule_reset(&self) {
        let _ = self.reset.try_access_with(|reset| {
            if reset.state.cmpxchg(IDLE, PENDING, Full).is_ok() && reset.enqueue().is_err() {
                reset.state.store(IDLE, Relaxed);
            }
        });
    }
}

impl platform::Driver for Tyr {
    type IdInfo = ();
    type Data<'bound> = Self;

    fn probe<'bound>(
        pdev: &'bound platform::Device<device::Core<'_>>,
        _info: Option<&'bound ()>,
    ) -> impl PinInit<Self, Error> + 'bound {
        let dev: &device::Device<device::Core<'_>> = pdev.as_ref();
        let registers = Registers { command: Atomic::new(0), status: Atomic::new(1) };
        let registers = Arc::new(Devres::new(dev, registers)?, GFP_KERNEL)?;
        let queue = Queue::new_ordered().build(c"tyr-reset")?;
        let data = Reset { state: Atomic::new(IDLE) };
        let reset = DeviceWork::new(dev, registers, &queue, data, work_class!("Tyr::reset"))?;

        Ok(Self { reset, _queue: queue })
    }
}

kernel::module_platform_driver! {
    type: Tyr,
    name: "tyr_reset",
    authors: ["Rust for Linux Contributors"],
    description: "The reset of a GPU",
    license: "GPL",
}
