// SPDX-License-Identifier: GPL-2.0

//! An interrupt handler that owns a watchdog, which has the reset that it enqueues, on the driver's queue.

use kernel::irq::{self, Handler, IrqRequest, IrqReturn};
use kernel::prelude::*;
use kernel::time::Delta;
use kernel::workqueue::{
    new_scoped_work, OwnedQueue, Queue, ScopedWork, ScopedWorkItem, //
};

pub struct Reset;

impl ScopedWorkItem for Reset {
    fn run(_this: &ScopedWork<Self>) {}
}

#[pin_data]
pub struct Watchdog {
    #[pin]
    reset: ScopedWork<Reset>,
}

impl ScopedWorkItem for Watchdog {
    fn run(this: &ScopedWork<Self>) {
        let _ = this.reset.enqueue();
    }
}

#[pin_data]
pub struct Irq {
    #[pin]
    watchdog: ScopedWork<Watchdog>,
}

impl Handler for Irq {
    fn handle(&self) -> IrqReturn {
        let _ = self.watchdog.reset.enqueue();
        IrqReturn::Handled
    }
}

#[pin_data]
pub struct Driver<'bound> {
    queue: OwnedQueue,
    #[pin]
    irq: irq::Registration<'bound, Irq>,
}

impl<'bound> Driver<'bound> {
    pub fn new(request: IrqRequest<'bound>) -> impl PinInit<Self, Error> + 'bound {
        try_pin_init!(Self {
            queue: Queue::new_ordered().build(c"driver")?,
            irq <- {
                let reset = new_scoped_work!(queue, Reset, "Watchdog::reset");
                let watchdog = pin_init!(Watchdog { reset <- reset });
                let watchdog = new_scoped_work!(queue, watchdog, "Irq::watchdog");
                let irq = try_pin_init!(Irq { watchdog <- watchdog }? Error);
                // SAFETY: The driver is pinned, and is not leaked.
                unsafe { irq::Registration::new(request, irq::Flags::SHARED, c"driver", irq) }
            },
        })
    }

    pub fn request(&self) -> Result {
        self.irq.handler().watchdog.mod_delayed(Delta::from_secs(5))?;
        self.queue.flush();
        Ok(())
    }
}
