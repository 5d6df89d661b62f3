// SPDX-License-Identifier: GPL-2.0

//! A GPU that resets, or does not.

use crate::checks::Log;
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        new_mutex,
        Arc,
        Mutex, //
    },
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Command {
    HaltMcu,
    SoftReset,
    PowerOnL2,
    LoadFirmware,
    BootMcu,
    Job(u32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Status {
    McuHalted,
    ResetCompleted,
    L2Ready,
    McuBooted,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Event {
    Mapped,
    Written(Command),
    Polled(Status),
    Unmapped,
}

#[pin_data]
pub(crate) struct Gpu {
    /// The firmware does not halt.
    pub(crate) stuck: Atomic<bool>,
    /// It does not come out of a reset.
    pub(crate) dead: Atomic<bool>,
    /// How often it must be looked at before it is ready.
    pub(crate) slowness: Atomic<u32>,
    polls: Atomic<u32>,
    /// While this is held, it does not answer.
    #[pin]
    pub(crate) silent: Mutex<()>,
    #[pin]
    pub(crate) log: Log<Event>,
}

impl Gpu {
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            stuck: Atomic::new(false),
            dead: Atomic::new(false),
            slowness: Atomic::new(2),
            polls: Atomic::new(0),
            silent <- new_mutex!((), "Gpu::silent"),
            log <- Log::new(),
        })
    }
}

/// The registers, as long as they are mapped.
pub(crate) struct Registers {
    gpu: Arc<Gpu>,
}

impl Registers {
    pub(crate) fn map(gpu: Arc<Gpu>) -> Self {
        gpu.log.add(Event::Mapped);
        Self { gpu }
    }

    pub(crate) fn write(&self, command: Command) {
        self.gpu.polls.store(0, Relaxed);
        self.gpu.log.add(Event::Written(command));
    }

    pub(crate) fn has(&self, status: Status) -> bool {
        drop(self.gpu.silent.lock());
        self.gpu.log.add(Event::Polled(status));
        let never = match status {
            Status::McuHalted => self.gpu.stuck.load(Relaxed),
            _ => self.gpu.dead.load(Relaxed),
        };
        !never && self.gpu.polls.fetch_add(1, Relaxed) >= self.gpu.slowness.load(Relaxed)
    }
}

impl Drop for Registers {
    fn drop(&mut self) {
        self.gpu.log.add(Event::Unmapped);
    }
}
