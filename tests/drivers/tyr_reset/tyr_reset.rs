// SPDX-License-Identifier: GPL-2.0

//! The reset of the GPU driver Tyr, with hardware that is faked.
//!
//! The driver outside of the tree has an ordered queue, and an item with a state machine, one of
//! whose states is `ShuttingDown`: the device is about to go, so that no reset may be started. The
//! item has the registers in a `Devres`, but no bound device, which would give it access that may
//! sleep.
//!
//! Here the item is a [`DeviceWork`], which is made with the registers: `run` has them for as long
//! as it takes, with sleeping. Unbinding the device stops it and waits for a reset that is under
//! way, before the registers are revoked. There is no `ShuttingDown`: what is left of the state
//! machine is what a reset is about.

use kernel::{
    device::{
        Core,
        Device, //
    },
    devres::Devres,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Full,
            Relaxed,
            Release, //
        },
        Arc, //
    },
    time::{
        delay::fsleep,
        Delta, //
    },
    workqueue::{
        work_class,
        DeviceWork,
        DeviceWorkItem,
        OwnedQueue,
        Queue,
        ScopedWork, //
    },
};

#[path = "../checks.rs"]
mod checks;
mod fake;
mod scenario;

use fake::{
    Command,
    Gpu,
    Registers,
    Status, //
};

/// How often the driver looks whether the hardware is ready.
pub(crate) const POLLS: u32 = 20;

/// What the reset is about. Some of it happens in interrupts, so it is no [`Mutex`] that protects
/// it.
///
/// [`Mutex`]: kernel::sync::Mutex
mod state {
    pub(crate) const OPERATIONAL: u32 = 0;
    /// A reset has been asked for.
    pub(crate) const PENDING: u32 = 1;
    /// It is under way.
    pub(crate) const RESETTING: u32 = 2;
    /// It has failed, and there is nothing else to be tried.
    pub(crate) const UNUSABLE: u32 = 3;
}

struct Reset {
    state: Atomic<u32>,
}

impl Reset {
    fn wait(registers: &Registers, status: Status) -> Result {
        for _ in 0..POLLS {
            if registers.has(status) {
                return Ok(());
            }
            fsleep(Delta::from_millis(1));
        }
        Err(ETIMEDOUT)
    }

    fn reset(registers: &Registers) -> Result {
        // The firmware that has been halted by itself need not be loaded again.
        registers.write(Command::HaltMcu);
        let halted = Self::wait(registers, Status::McuHalted).is_ok();

        registers.write(Command::SoftReset);
        Self::wait(registers, Status::ResetCompleted)?;
        registers.write(Command::PowerOnL2);
        Self::wait(registers, Status::L2Ready)?;
        if !halted {
            registers.write(Command::LoadFirmware);
        }
        registers.write(Command::BootMcu);
        Self::wait(registers, Status::McuBooted)
    }
}

impl DeviceWorkItem for Reset {
    type Resource = Devres<Registers>;

    fn run(this: &ScopedWork<DeviceWork<Self>>, registers: &Registers) {
        this.state.store(state::RESETTING, Relaxed);
        let next = match Self::reset(registers) {
            Ok(()) => state::OPERATIONAL,
            Err(_) => state::UNUSABLE,
        };
        this.state.store(next, Release);
    }
}

pub(crate) struct Tyr {
    registers: Arc<Devres<Registers>>,
    reset: Devres<ScopedWork<DeviceWork<Reset>>>,
    /// Jobs and the reset, one at a time.
    queue: OwnedQueue,
}

impl Tyr {
    pub(crate) fn probe(dev: &Device<Core<'_>>, gpu: Arc<Gpu>) -> Result<Self> {
        let queue = Queue::new_ordered().build(c"tyr")?;
        let registers = Arc::new(Devres::new(dev, Registers::map(gpu))?, GFP_KERNEL)?;
        let reset = Reset {
            state: Atomic::new(state::OPERATIONAL),
        };

        Ok(Self {
            reset: DeviceWork::new(
                dev,
                registers.clone(),
                &queue,
                reset,
                work_class!("Tyr::reset"),
            )?,
            registers,
            queue,
        })
    }

    /// Asks for a reset, for example in an interrupt, unless that has been done before.
    pub(crate) fn schedule_reset(&self) -> Result {
        let reset = self.reset.try_access().ok_or(ENODEV)?;

        match reset
            .state
            .cmpxchg(state::OPERATIONAL, state::PENDING, Full)
        {
            Ok(_) => reset.enqueue(),
            Err(state::UNUSABLE) => Err(EIO),
            Err(_) => Ok(()),
        }
    }

    pub(crate) fn is_operational(&self) -> bool {
        let reset = self.reset.try_access();
        reset.is_some_and(|reset| reset.state.load(Acquire) == state::OPERATIONAL)
    }

    /// Submits a job, which is executed between resets.
    pub(crate) fn submit(&self, job: u32) -> Result {
        let registers = self.registers.clone();

        self.queue.try_spawn(GFP_KERNEL, move || {
            if let Some(registers) = registers.try_access() {
                registers.write(Command::Job(job));
            }
        })?;
        Ok(())
    }
}

// The module, which drives itself.

module! {
    type: Module,
    name: "tyr_reset",
    authors: ["Rust for Linux Contributors"],
    description: "Reset by an item that uses the registers of a device",
    license: "GPL",
}

struct Module;

impl kernel::Module for Module {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        checks::Checks::run(scenario::run)?;
        Ok(Self)
    }
}
