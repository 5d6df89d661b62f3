// SPDX-License-Identifier: GPL-2.0

//! A misc device whose commands use the API of workqueues and of task work in all ways that a driver
//! can.
//!
//! A file tells by means of events when items were queued, and when items and closures were executed.
//! The work that an open file has started ends when the file is closed, and that of the module ends
//! when it is unloaded: a handle stops its item when it is dropped, and a queue waits for what is on
//! it. No item needs a flag that tells it to stop. But task work stays pending when the file is
//! closed, and keeps the module loaded.
//!
//! What user space makes this allocate is limited: so many open files, and for each of them so many
//! events that have not been read, and so many closures that have not been executed.
//!
//! Errors:
//!
//! - `EAGAIN`: a closure too many.
//! - `EBUSY`: an item that is queued already or has been stopped.
//! - `EFAULT`: a bad pointer.
//! - `EINVAL`: a CPU that does not exist, a read of less than one event.
//! - `ENFILE`: an open file too many.
//! - `ENOTTY`: an unknown command.
//! - `EOVERFLOW`: a read, once, where events were lost.
//! - `ERANGE`: a number that is too small or too large.
//! - `ESRCH`: task work when the thread that has opened the file has exited.

use kernel::cpu::CpuId;
use kernel::fs::{File, Kiocb};
use kernel::ioctl::{_IO, _IOC_SIZE, _IOW};
use kernel::iov::IovIterDest;
use kernel::miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration};
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::{new_mutex, Arc, Mutex};
use kernel::task::Task;
use kernel::task_work::{self, impl_has_task_work, NotifyMode, TaskWork, TaskWorkItem};
use kernel::time::{delay::fsleep, Delta, Instant, Monotonic};
use kernel::uaccess::{UserSlice, UserSliceReader};
use kernel::workqueue::{
    self, impl_has_delayed_work, impl_has_work, new_delayed_work, new_work, DelayedWork, EnqueueError, OwnedQueue,
    Queue, Work, WorkHandle, WorkItem,
};
use zerocopy_derive::Immutable;

const KICK: u32 = _IOW::<i32>('|' as u32, 0x8f);
const KICK_CANCEL: u32 = _IO('|' as u32, 0x90);
const REPEAT: u32 = _IOW::<i32>('|' as u32, 0x91);
const REPEAT_STOP: u32 = _IO('|' as u32, 0x92);
const PAIR: u32 = _IO('|' as u32, 0x93);
const PAIR_ORDERED: u32 = _IO('|' as u32, 0x94);
const SPAWN: u32 = _IOW::<i32>('|' as u32, 0x95);
const DELAY: u32 = _IOW::<i32>('|' as u32, 0x96);
const DELAY_MODIFY: u32 = _IOW::<i32>('|' as u32, 0x97);
const DELAY_CANCEL: u32 = _IO('|' as u32, 0x98);
const CHOOSE_KIND: u32 = _IOW::<i32>('|' as u32, 0x99);
const CHOOSE_CPU: u32 = _IOW::<i32>('|' as u32, 0x9a);
const BURST: u32 = _IOW::<i32>('|' as u32, 0x9b);
const SUM: u32 = _IOW::<[u8; 16]>('|' as u32, 0x9c);
const FLUSH: u32 = _IO('|' as u32, 0x9d);
const TASK_WORK: u32 = _IOW::<i32>('|' as u32, 0x9e);
const TASK_WORK_CANCEL: u32 = _IO('|' as u32, 0x9f);

/// The longest backlog that the module can be loaded with.
const MAX_BACKLOG: u32 = 1000;

/// The files that can be open at once.
const MAX_FILES: u32 = 32;

/// The events that a file keeps until they are read. More are lost.
const MAX_EVENTS: usize = 64;

/// The closures of a file that have not been executed.
const MAX_CLOSURES: u32 = 64;

module! {
    type: Module,
    name: "lab",
    authors: ["Rust for Linux Contributors"],
    description: "Module that uses workqueues in all ways",
    license: "GPL",
    params: {
        backlog: u32 {
            default: 0,
            description: "Number of items that the module itself queues when it is loaded",
        },
    },
}

#[pin_data]
struct Module {
    // Fields are dropped in this order: the device cannot be opened any more, then the work ends.
    #[pin]
    _miscdev: MiscDeviceRegistration<Lab>,
    _backlog: Option<Backlog>,
}

impl kernel::InPlaceModule for Module {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let length = *module_parameters::backlog.value_ref();
        let options = MiscDeviceOptions { name: c"workqueue-lab" };

        pr_info!("Loading with a backlog of {length}\n");

        try_pin_init!(Self {
            _backlog: match length {
                0 => None,
                1..=MAX_BACKLOG => Some(Backlog::new(length)?),
                _ => Err(EINVAL)?,
            },
            _miscdev <- MiscDeviceRegistration::register(options),
        })
    }
}

/// What the module does by itself.
struct Backlog {
    // Would be repeated forever, but is stopped when this is dropped.
    _repeat: WorkHandle<Arc<Items>, 4>,
    // When this is dropped, what is running or queued on it is finished, and the closure that is
    // delayed is dropped.
    _queue: OwnedQueue,
}

impl Backlog {
    fn new(length: u32) -> Result<Self> {
        let log = Log::new()?;
        let items = Items::new(&log)?;
        let queue = Queue::new_ordered().build(c"lab-backlog")?;

        for number in 1..=length {
            let log = log.clone();
            queue.try_spawn(GFP_KERNEL, move || {
                fsleep(Delta::from_millis(50));
                log.executed(What::Backlog, number as i32);
            })?;
        }

        let hour = Delta::from_secs(60 * 60);
        queue.try_spawn_delayed(GFP_KERNEL, hour, move || log.executed(What::Closure, 0))?;

        let repeat = WorkHandle::new(items);
        repeat.pointer().repeat(i32::MAX)?;

        Ok(Self { _repeat: repeat, _queue: queue })
    }
}

/// An item, with the number that user space sees.
#[derive(Clone, Copy, Debug)]
#[repr(i32)]
enum What {
    Quick,
    Slow,
    Kick,
    Delayed,
    Repeat,
    Closure,
    Burst,
    Backlog,
    TaskWork,
    Refused,
}

/// What user space reads.
#[derive(Clone, Copy, Immutable, IntoBytes)]
#[repr(C)]
struct Event {
    what: i32,
    executed: i32,
    value: i32,
    thread: i32,
    cpu: u32,
    _reserved: u32,
    nanoseconds: i64,
}

/// An open file, of which there are not too many.
struct Opened;

static OPEN_FILES: Atomic<u32> = Atomic::new(0);

impl Opened {
    fn new() -> Result<Self> {
        if OPEN_FILES.fetch_add(1, Relaxed) >= MAX_FILES {
            OPEN_FILES.fetch_sub(1, Relaxed);
            return Err(ENFILE);
        }
        Ok(Self)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        OPEN_FILES.fetch_sub(1, Relaxed);
    }
}

/// So many closures of a file, which have not been executed.
struct Closures {
    log: Arc<Log>,
    number: u32,
}

impl Closures {
    fn new(log: &Arc<Log>, number: u32) -> Result<Self> {
        let before = log.closures.fetch_add(number, Relaxed);
        // What is too much is subtracted again.
        let closures = Self { log: log.clone(), number };

        if before + number > MAX_CLOSURES {
            return Err(EAGAIN);
        }
        Ok(closures)
    }
}

impl Drop for Closures {
    fn drop(&mut self) {
        self.log.closures.fetch_sub(self.number, Relaxed);
    }
}

#[pin_data]
struct Log {
    opened: Instant<Monotonic>,
    closures: Atomic<u32>,
    /// Whether events were lost since a read has said so.
    lost: Atomic<bool>,
    #[pin]
    events: Mutex<KVec<Event>>,
    /// The event to be read next. Readers wait for each other, but no item waits for them.
    #[pin]
    next: Mutex<usize>,
}

impl Log {
    fn new() -> Result<Arc<Self>> {
        let log = try_pin_init!(Self {
            opened: Instant::now(),
            closures: Atomic::new(0),
            lost: Atomic::new(false),
            events <- new_mutex!(KVec::with_capacity(MAX_EVENTS, GFP_KERNEL)?),
            next <- new_mutex!(0),
        });

        Arc::try_pin_init(log, GFP_KERNEL)
    }

    fn add(&self, events: &mut KVec<Event>, event: Event) {
        if events.push_within_capacity(event).is_err() {
            self.lost.store(true, Relaxed);
        }
    }

    /// Calls `enqueue`. An item that is queued already is given back.
    fn queued<T, W>(&self, what: What, value: i32, enqueue: impl FnOnce() -> Result<T, EnqueueError<W>>) -> Result<T> {
        // The item takes the lock when it is executed, so that comes later in the log.
        let mut events = self.events.lock();
        let event = self.event(what, 0, value);

        let done = enqueue()?;
        self.add(&mut events, event);
        Ok(done)
    }

    /// Called by an item that is executed.
    fn executed(&self, what: What, value: i32) {
        let mut events = self.events.lock();
        let event = self.event(what, 1, value);
        self.add(&mut events, event);
        drop(events);

        pr_info!("{what:?} {value} by thread {} on CPU {}\n", event.thread, event.cpu);
    }

    /// Called if an item cannot be given to a thread.
    fn refused(&self, error: Error) {
        let mut events = self.events.lock();
        let event = self.event(What::Refused, 0, error.to_errno());
        self.add(&mut events, event);
        drop(events);

        pr_info!("Refused {} by thread {}\n", event.value, event.thread);
    }

    fn event(&self, what: What, executed: i32, value: i32) -> Event {
        Event {
            what: what as i32,
            executed,
            value,
            thread: current!().pid(),
            cpu: CpuId::current().as_u32(),
            _reserved: 0,
            nanoseconds: self.opened.elapsed().as_nanos(),
        }
    }

    fn read(&self, to: &mut IovIterDest<'_>) -> Result<usize> {
        let mut next = self.next.lock();
        let mut length = 0;

        if to.len() < size_of::<Event>() {
            return Err(EINVAL);
        }

        while to.len() >= size_of::<Event>() {
            let Some(event) = self.events.lock().get(*next).copied() else {
                break;
            };
            if to.copy_to_iter(event.as_bytes()) < size_of::<Event>() {
                return if length > 0 { Ok(length) } else { Err(EFAULT) };
            }
            *next += 1;
            length += size_of::<Event>();
        }

        let mut events = self.events.lock();
        if *next == events.len() {
            events.clear();
            *next = 0;
            if length == 0 && self.lost.xchg(false, Relaxed) {
                return Err(EOVERFLOW);
            }
        }
        Ok(length)
    }
}

/// Items in one struct, told apart by their ids.
#[pin_data]
struct Items {
    log: Arc<Log>,
    #[pin]
    value: Mutex<Option<i32>>,
    /// How many times the repeated item is still to be executed.
    #[pin]
    left: Mutex<i32>,
    #[pin]
    quick: Work<Items, 0>,
    #[pin]
    slow: Work<Items, 1>,
    #[pin]
    kick: Work<Items, 2>,
    #[pin]
    delayed: DelayedWork<Items, 3>,
    #[pin]
    repeat: DelayedWork<Items, 4>,
    #[pin]
    task_work: TaskWork<Items>,
}

impl_has_work! {
    impl HasWork<Self, 0> for Items { self.quick }
    impl HasWork<Self, 1> for Items { self.slow }
    impl HasWork<Self, 2> for Items { self.kick }
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self, 3> for Items { self.delayed }
    impl HasDelayedWork<Self, 4> for Items { self.repeat }
}

impl_has_task_work! {
    impl HasTaskWork<Self> for Items { self.task_work }
}

impl Items {
    fn new(log: &Arc<Log>) -> Result<Arc<Self>> {
        let items = pin_init!(Self {
            log: log.clone(),
            value <- new_mutex!(None),
            left <- new_mutex!(0),
            quick <- new_work!("Items::quick"),
            slow <- new_work!("Items::slow"),
            kick <- new_work!("Items::kick"),
            delayed <- new_delayed_work!("Items::delayed"),
            repeat <- new_delayed_work!("Items::repeat"),
            task_work <- TaskWork::new(),
        });

        Arc::pin_init(items, GFP_KERNEL)
    }

    fn repeat(self: &Arc<Self>, times: i32) -> Result {
        let mut left = self.left.lock();

        if *left > 0 {
            return Err(EBUSY);
        }
        self.enqueue_repeat(times)?;
        *left = times;
        Ok(())
    }

    /// Uses a queue of the system. That needs a handle for the item, so that nothing is left there.
    fn enqueue_repeat(self: &Arc<Self>, left: i32) -> Result {
        self.log.queued(What::Repeat, left, || {
            workqueue::system_dfl().enqueue_delayed::<_, 4>(self.clone(), Delta::from_millis(10))
        })
    }
}

/// A quick item. It is put on several queues, so two workers may execute it at once.
impl WorkItem<0> for Items {
    type Pointer = Arc<Items>;

    fn run(this: Arc<Items>) {
        this.log.executed(What::Quick, 0);
    }
}

/// A slow item.
impl WorkItem<1> for Items {
    type Pointer = Arc<Items>;

    fn run(this: Arc<Items>) {
        fsleep(Delta::from_millis(300));
        this.log.executed(What::Slow, 0);
    }
}

/// An item that user space kicks.
impl WorkItem<2> for Items {
    type Pointer = Arc<Items>;

    fn run(this: Arc<Items>) {
        let value = this.value.lock().take();

        if let Some(value) = value {
            this.log.executed(What::Kick, value);
        }
    }
}

/// An item that is executed when its delay has passed.
impl WorkItem<3> for Items {
    type Pointer = Arc<Items>;

    fn run(this: Arc<Items>) {
        this.log.executed(What::Delayed, 0);
    }
}

/// An item that queues itself again.
impl WorkItem<4> for Items {
    type Pointer = Arc<Items>;

    fn run(this: Arc<Items>) {
        let mut left = this.left.lock();

        this.log.executed(What::Repeat, *left);
        *left -= 1;
        if *left > 0 && this.enqueue_repeat(*left).is_err() {
            // Refused when the handle is being dropped.
            *left = 0;
        }
    }
}

/// An item that is executed by the thread that has opened the file.
#[vtable]
impl TaskWorkItem for Items {
    type Pointer = Arc<Items>;

    fn run(this: Arc<Items>) {
        this.log.executed(What::TaskWork, 0);
    }
}

/// An open file.
#[pin_data]
struct Lab {
    opener: ARef<Task>,
    log: Arc<Log>,
    items: Arc<Items>,
    // Fields are dropped in this order. An item with a handle is stopped.
    _delayed: WorkHandle<Arc<Items>, 3>,
    #[pin]
    repeat: Mutex<Option<WorkHandle<Arc<Items>, 4>>>,
    // What else is on a queue is finished.
    ordered: OwnedQueue,
    parallel: OwnedQueue,
    single: OwnedQueue,
    _opened: Opened,
}

#[vtable]
impl MiscDevice for Lab {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Pin<KBox<Self>>> {
        let opened = Opened::new()?;
        let log = Log::new()?;
        let items = Items::new(&log)?;
        let lab = try_pin_init!(Self {
            _opened: opened,
            opener: ARef::from(&**current!()),
            _delayed: WorkHandle::new(items.clone()),
            repeat <- new_mutex!(Some(WorkHandle::new(items.clone()))),
            ordered: Queue::new_ordered().build(c"lab-ordered")?,
            parallel: Queue::new_unbound().build(c"lab-parallel")?,
            single: Queue::new_unbound().max_active(1).build(c"lab-single")?,
            items,
            log,
        });

        KBox::try_pin_init(lab, GFP_KERNEL)
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        kiocb.file().log.read(iov)
    }

    fn ioctl(me: Pin<&Lab>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let arg = UserSlice::new(UserPtr::from_addr(arg), _IOC_SIZE(cmd)).reader();
        let mut result = 0;

        match cmd {
            KICK => me.kick(number(arg, i32::MAX)?)?,
            KICK_CANCEL => result = me.kick_cancel().into(),
            REPEAT => me.items.repeat(number(arg, i32::MAX)?)?,
            REPEAT_STOP => result = me.repeat_stop().into(),
            PAIR => me.pair(&me.parallel)?,
            PAIR_ORDERED => me.pair(&me.ordered)?,
            SPAWN => me.spawn(number(arg, i32::MAX)?)?,
            DELAY => me.delay(number(arg, 60_000)?)?,
            DELAY_MODIFY => result = me.delay_modify(number(arg, 60_000)?)?.into(),
            DELAY_CANCEL => result = me.items.delayed.cancel_sync().is_some().into(),
            CHOOSE_KIND => me.choose_kind(number(arg, 5)?)?,
            CHOOSE_CPU => me.choose_cpu(number(arg, i32::MAX)?)?,
            BURST => me.burst(number(arg, 64)?)?,
            SUM => result = me.sum(arg)?,
            FLUSH => me.flush(),
            TASK_WORK => me.task_work(number(arg, 4)?)?,
            TASK_WORK_CANCEL => result = me.task_work_cancel().into(),
            _ => return Err(ENOTTY),
        }
        Ok(result)
    }
}

/// Reads a number from user space, which must be at least 1.
fn number(mut arg: UserSliceReader, max: i32) -> Result<i32> {
    let number = arg.read()?;

    if (1..=max).contains(&number) {
        Ok(number)
    } else {
        Err(ERANGE)
    }
}

impl Lab {
    /// Has the item executed with a value.
    fn kick(&self, new: i32) -> Result {
        // The item takes the lock too, so it does not look for the value before it is there.
        let mut value = self.items.value.lock();

        self.log.queued(What::Kick, new, || {
            if value.is_some() {
                // A worker has begun to execute the item, but has not fetched the last value.
                return Err(EnqueueError { error: EBUSY, item: self.items.clone() });
            }
            self.ordered.enqueue::<_, 2>(self.items.clone())
        })?;
        *value = Some(new);
        Ok(())
    }

    /// Returns whether this has taken the item back.
    fn kick_cancel(&self) -> bool {
        let mut value = self.items.value.lock();
        let cancelled = self.items.kick.cancel().is_some();

        if cancelled {
            *value = None;
        }
        cancelled
    }

    /// Returns whether this has stopped the item.
    fn repeat_stop(&self) -> bool {
        let handle = self.repeat.lock().take();
        let found = handle.is_some();

        // Waits. After this, the item is neither running nor queued, and never will be.
        drop(handle);
        found
    }

    /// On the ordered queue, the quick item waits for the slow one.
    fn pair(&self, queue: &Queue) -> Result {
        self.log.queued(What::Slow, 0, || queue.enqueue::<_, 1>(self.items.clone()))?;
        self.log.queued(What::Quick, 0, || queue.enqueue::<_, 0>(self.items.clone()))
    }

    /// A closure that captures a value.
    fn spawn(&self, value: i32) -> Result {
        let closure = Closures::new(&self.log, 1)?;

        self.parallel.try_spawn(GFP_KERNEL, move || closure.log.executed(What::Closure, value))?;
        Ok(())
    }

    /// Has the item executed later.
    fn delay(&self, milliseconds: i32) -> Result {
        let delay = Delta::from_millis(milliseconds.into());

        self.log.queued(What::Delayed, milliseconds, || self.ordered.enqueue_delayed::<_, 3>(self.items.clone(), delay))
    }

    /// Returns whether the item was delayed already, and this has changed when it is executed.
    fn delay_modify(&self, milliseconds: i32) -> Result<bool> {
        let delay = Delta::from_millis(milliseconds.into());

        let surplus = self
            .log
            .queued(What::Delayed, milliseconds, || self.ordered.mod_delayed::<_, 3>(self.items.clone(), delay))?;
        Ok(surplus.is_some())
    }

    /// A queue of the kind that user space chooses.
    fn choose_kind(&self, kind: i32) -> Result {
        let queue = match kind {
            1 => Queue::new_percpu().build(c"lab-percpu")?,
            2 => Queue::new_unbound().build(c"lab-unbound")?,
            3 => Queue::new_power_efficient().build(c"lab-efficient")?,
            4 => Queue::new_ordered().build(c"lab-in-order")?,
            _ => Queue::new_percpu().highpri().build(c"lab-highpri")?,
        };

        // Waits for the item, as the queue is dropped.
        self.log.queued(What::Quick, kind, || queue.enqueue::<_, 0>(self.items.clone()))
    }

    /// A CPU that user space chooses. The first one is 1.
    fn choose_cpu(&self, number: i32) -> Result {
        let cpu = CpuId::from_i32(number - 1).ok_or(EINVAL)?;
        let queue = Queue::new_percpu().build(c"lab-percpu")?;

        self.log.queued(What::Quick, number, || queue.enqueue_on::<_, 0>(cpu, self.items.clone()))
    }

    /// Closures on a queue that executes one at a time, on each NUMA node. Each logs how many there
    /// were at once.
    fn burst(&self, length: i32) -> Result {
        let burst = Arc::new((Closures::new(&self.log, length as u32)?, Atomic::new(0)), GFP_KERNEL)?;

        for _ in 0..length {
            let burst = burst.clone();

            self.single.try_spawn(GFP_KERNEL, move || {
                let (Closures { log, .. }, running) = &*burst;
                let at_once = running.fetch_add(1, Relaxed) + 1;
                fsleep(Delta::from_millis(1));
                log.executed(What::Burst, at_once);
                running.fetch_sub(1, Relaxed);
            })?;
        }
        Ok(())
    }

    /// Closures that borrow from the stack of the caller, who waits for them.
    fn sum(&self, mut arg: UserSliceReader) -> Result<isize> {
        let numbers = arg.read::<[u8; 16]>()?;
        let mut sums = [0; 4];

        self.parallel.scope(|scope| {
            for (part, sum) in numbers.chunks(4).zip(&mut sums) {
                scope.try_spawn(GFP_KERNEL, move || {
                    *sum = part.iter().map(|&number| isize::from(number)).sum();
                })?;
            }
            Ok(())
        })?;
        Ok(sums.iter().sum())
    }

    /// Waits for what is queued or running on the file's queues, but not for what is delayed.
    fn flush(&self) {
        self.ordered.flush();
        self.parallel.flush();
        self.single.flush();
    }

    /// Work for the opener. It stays pending when the file is closed, and the module cannot be
    /// unloaded before it has been executed. A driver to which that matters cancels it.
    fn task_work(&self, mode: i32) -> Result {
        let mode = match mode {
            1 => NotifyMode::None,
            2 => NotifyMode::Resume,
            3 => NotifyMode::Signal,
            _ => NotifyMode::SignalNoIpi,
        };

        task_work::add(&self.opener, self.items.clone(), mode).map_err(|refused| {
            // The item comes back with the error.
            let items = refused.item;
            items.log.refused(refused.error);
            refused.error
        })
    }

    fn task_work_cancel(&self) -> bool {
        self.items.task_work.cancel(&self.opener).is_some()
    }
}
