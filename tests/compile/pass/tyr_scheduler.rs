// SPDX-License-Identifier: GPL-2.0

//! The queues of jobs of Tyr: generic items whose `HasWork` is implemented by hand, from before it said which items are
//! delayed.

use kernel::prelude::*;
use kernel::sync::{new_spinlock, Arc, SpinLock};
use kernel::workqueue::{new_work, HasWork, OwnedQueue, Queue, Work, WorkHandle, WorkItem};

/// What the jobs of a queue do. A job is ready when its fence is signalled.
pub trait JobOps: Send + Sync + 'static {
    type Job: Send;

    fn run_job(&self, job: Self::Job) -> Result;
}

#[pin_data]
pub struct FenceQueue<T: JobOps> {
    ops: T,
    #[pin]
    jobs: SpinLock<KVec<T::Job>>,
    #[pin]
    work: Work<Self>,
}

// SAFETY: The functions are inverses, and the field is a plain work, which is the default.
unsafe impl<T: JobOps> HasWork<Self> for FenceQueue<T> {
    unsafe fn raw_get_work(ptr: *mut Self) -> *mut Work<Self> {
        // SAFETY: The caller promises that the pointer is valid.
        unsafe { &raw mut (*ptr).work }
    }

    unsafe fn work_container_of(ptr: *mut Work<Self>) -> *mut Self {
        // SAFETY: The caller promises that it points at the field.
        unsafe { kernel::container_of!(ptr, Self, work) }
    }
}

impl<T: JobOps> WorkItem for FenceQueue<T> {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        loop {
            let Some(job) = this.jobs.lock().pop() else { return };
            if let Err(error) = this.ops.run_job(job) {
                let _ = error.to_errno();
            }
        }
    }
}

pub struct Scheduler<T: JobOps> {
    // Stopped before the queue goes.
    fences: WorkHandle<Arc<FenceQueue<T>>>,
    queue: OwnedQueue,
}

impl<T: JobOps> Scheduler<T> {
    pub fn new(ops: T, id: u32) -> Result<Self> {
        let fences = Arc::pin_init(
            pin_init!(FenceQueue {
                ops,
                jobs <- new_spinlock!(KVec::new()),
                work <- new_work!("FenceQueue::work"),
            }),
            GFP_KERNEL,
        )?;
        let queue = Queue::new_ordered().highpri().mem_reclaim().build_fmt(fmt!("tyr-sched-{id}"))?;
        Ok(Self { fences: WorkHandle::new(fences), queue })
    }

    /// Called when a fence has been signalled, in interrupts, too.
    pub fn ready(&self, job: T::Job) -> Result {
        self.fences.jobs.lock().push(job, GFP_ATOMIC)?;
        // If it is refused, it is queued already.
        let _ = self.queue.enqueue(self.fences.pointer());
        Ok(())
    }
}
