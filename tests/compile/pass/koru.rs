// SPDX-License-Identifier: GPL-2.0

//! Futures in the shape of koru, which are polled on system queues: nothing waits for them, so each keeps its module.

use kernel::prelude::*;
use kernel::sync::{new_mutex, Arc, Mutex};
use kernel::workqueue::{system_dfl, EnqueueError};

pub enum Poll {
    Ready,
    Pending,
}

pub trait Task: Send {
    fn poll(&mut self) -> Poll;
}

#[pin_data]
pub struct Executor {
    #[pin]
    parked: Mutex<KVec<KBox<dyn Task>>>,
}

impl Executor {
    pub fn new() -> Result<Arc<Self>> {
        Arc::pin_init(pin_init!(Self { parked <- new_mutex!(KVec::new()) }), GFP_KERNEL)
    }

    /// Polls the task once, and parks it if it is not ready.
    pub fn spawn(self: &Arc<Self>, mut task: KBox<dyn Task>) -> Result {
        let executor = self.clone();

        let poll = move || {
            if let Poll::Pending = task.poll() {
                let _ = executor.parked.lock().push(task, GFP_KERNEL);
            }
        };
        match system_dfl().try_spawn_in_module::<LocalModule, _>(GFP_KERNEL, poll) {
            Ok(()) => Ok(()),
            // The module is being loaded or unloaded.
            Err(EnqueueError { error, item: poll }) if error == ENODEV => {
                poll();
                Ok(())
            }
            Err(refused) => Err(refused.into()),
        }
    }

    pub fn wake_all(self: &Arc<Self>) -> Result {
        let parked = core::mem::replace(&mut *self.parked.lock(), KVec::new());
        for task in parked {
            self.spawn(task)?;
        }
        Ok(())
    }
}

pub struct Koru {
    pub executor: Arc<Executor>,
}

impl kernel::Module for Koru {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Self { executor: Executor::new()? })
    }
}

module! {
    type: Koru,
    name: "koru",
    authors: ["Rust for Linux Contributors"],
    description: "Futures that are polled by workers",
    license: "GPL",
}
