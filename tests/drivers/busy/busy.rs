// SPDX-License-Identifier: GPL-2.0

//! Takes the CPU away from the drivers now and then, for up to a second.
//!
//! What a port checks must not depend on how soon its items are executed.

use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
    time::{
        delay::udelay,
        Delta, //
    },
    workqueue::{
        new_scoped_work,
        system_highpri,
        ScopedWork,
        ScopedWorkItem, //
    },
};

module! {
    type: Module,
    name: "busy",
    authors: ["Rust for Linux Contributors"],
    description: "Module that takes the CPU away",
    license: "GPL",
    params: {
        seed: u32 {
            default: 1,
            description: "What the times depend on, not 0",
        },
    },
}

struct Busy {
    random: Atomic<u32>,
}

impl Busy {
    fn random(&self, below: usize) -> usize {
        let mut random = self.random.load(Relaxed);

        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        self.random.store(random, Relaxed);
        random as usize % below
    }
}

impl ScopedWorkItem for Busy {
    fn run(this: &ScopedWork<Self>) {
        const MILLISECONDS: [u32; 8] = [1, 5, 15, 40, 90, 200, 400, 900];

        for _ in 0..MILLISECONDS[this.random(MILLISECONDS.len())] {
            udelay(Delta::from_millis(1));
        }
        let pause = Delta::from_millis(this.random(150) as i64);
        let _ = this.enqueue_delayed(pause);
    }
}

struct Module {
    _busy: Pin<KBox<ScopedWork<Busy>>>,
}

impl kernel::Module for Module {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let busy = Busy {
            random: Atomic::new(module_parameters::seed.value()),
        };
        let busy = KBox::pin_init(new_scoped_work!(system_highpri(), busy, "busy"), GFP_KERNEL)?;

        busy.enqueue()?;
        Ok(Self { _busy: busy })
    }
}
