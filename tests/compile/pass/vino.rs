// SPDX-License-Identifier: GPL-2.0

//! A camera in the shape of vino: several items that enqueue each other, fields in any order, and chunks of a frame
//! that all CPUs convert.

use kernel::cpu::nr_cpu_ids;
use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::Arc;
use kernel::time::Delta;
use kernel::workqueue::{
    impl_has_delayed_work, impl_has_work, new_delayed_work, new_work, system, DelayedWork, OwnedQueue, Queue, Work,
    WorkHandle, WorkItem,
};

const FRAME: u64 = 1;
const WATCHDOG: u64 = 2;

#[pin_data]
pub struct Camera {
    frames: Atomic<u32>,
    #[pin]
    frame: Work<Camera, { FRAME }>,
    #[pin]
    watchdog: DelayedWork<Camera, { WATCHDOG }>,
}

impl_has_work! {
    impl HasWork<Self, FRAME> for Camera { self.frame }
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self, WATCHDOG> for Camera { self.watchdog }
}

impl WorkItem<FRAME> for Camera {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.frames.add(1, Relaxed);
        // Refused when it has been stopped.
        let _ = system().mod_delayed::<_, WATCHDOG>(this, Delta::from_millis(200));
    }
}

impl WorkItem<WATCHDOG> for Camera {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let _ = system().enqueue::<_, FRAME>(this);
    }
}

pub struct Vino {
    convert: OwnedQueue,
    frame: WorkHandle<Arc<Camera>, { FRAME }>,
    _watchdog: WorkHandle<Arc<Camera>, { WATCHDOG }>,
}

impl Vino {
    pub fn new() -> Result<Self> {
        let camera = Arc::pin_init(
            pin_init!(Camera {
                frames: Atomic::new(0),
                frame <- new_work!("Camera::frame"),
                watchdog <- new_delayed_work!("Camera::watchdog"),
            }),
            GFP_KERNEL,
        )?;
        Ok(Self {
            convert: Queue::new_percpu().max_active(nr_cpu_ids()).cpu_intensive().build(c"vino-convert")?,
            frame: WorkHandle::new(camera.clone()),
            _watchdog: WorkHandle::new(camera),
        })
    }

    /// Called by the interrupt.
    pub fn frame_done(&self) {
        let _ = system().enqueue::<_, FRAME>(self.frame.pointer());
    }

    /// All chunks have been converted when this returns.
    pub fn convert(&self, frame: &mut [u8], gain: &u8) -> Result {
        let chunk = frame.len().div_ceil(nr_cpu_ids() as usize).max(1);
        self.convert.scope(|scope| {
            for part in frame.chunks_mut(chunk) {
                scope.try_spawn(GFP_KERNEL, move || part.iter_mut().for_each(|byte| *byte ^= *gain))?;
            }
            Ok(())
        })
    }
}
