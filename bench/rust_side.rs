// SPDX-License-Identifier: GPL-2.0

//! What a driver in Rust does. Each `rust_op_` function is one operation, for a look at its code.
//!
//! The same in C is in `c_side.c`.

use core::{
    ffi::c_void,
    marker::PhantomData, //
};
use kernel::{
    bindings,
    module::{
        CodeOwner,
        ModuleMetadata, //
    },
    prelude::*,
    sync::Arc,
    task_work::{
        self,
        impl_has_task_work,
        NotifyMode,
        TaskWork,
        TaskWorkItem, //
    },
    time::{
        Delta,
        Jiffy, //
    },
    workqueue::{
        self,
        impl_has_delayed_work,
        impl_has_work,
        new_delayed_work,
        new_scoped_work,
        new_work,
        DelayedWork,
        OwnedQueue,
        Queue,
        ScopedWork,
        ScopedWorkItem,
        Work,
        WorkItem, //
    },
};

const DELAY: Delta<Jiffy> = Delta::from_jiffies(1000 * bindings::HZ as isize);

// SAFETY: The functions of `main.c` may be called by anybody.
unsafe extern "C" {
    safe fn bench_ran(value: usize);
    safe fn bench_expect(n: u32);
    safe fn bench_wait();
    safe fn bench_block();
    safe fn bench_wait_blocked();
    safe fn bench_unblock();
}

/// The module, which has no `module!`, as its other parts are in C.
struct LocalModule;

impl ModuleMetadata for LocalModule {
    const NAME: &'static CStr = c"wq_bench";

    const THIS_MODULE: ThisModule = {
        extern "C" {
            static __this_module: kernel::types::Opaque<bindings::module>;
        }

        // SAFETY: This is the `THIS_MODULE` of this module.
        unsafe { ThisModule::from_ptr(__this_module.get()) }
    };
}

// SAFETY: No other crate is compiled against this one, which is part of the module only.
unsafe impl CodeOwner for LocalModule {}

/// What `LocalModule` is for code that is built in. As this module stays as long as it is measured,
/// that can be tried here, too.
struct BuiltIn;

impl ModuleMetadata for BuiltIn {
    const NAME: &'static CStr = c"wq_bench";

    // SAFETY: `THIS_MODULE` of code that is built in is null.
    const THIS_MODULE: ThisModule = unsafe { ThisModule::from_ptr(core::ptr::null_mut()) };
}

// SAFETY: No task work is pending when the module is unloaded.
unsafe impl CodeOwner for BuiltIn {}

/// `struct bench_side`.
#[repr(C)]
pub struct Side {
    setup: unsafe extern "C" fn(u32, u32) -> *mut c_void,
    run: unsafe extern "C" fn(*mut c_void, u32, u32),
    finish: unsafe extern "C" fn(*mut c_void),
}

/// What can be measured. Dropping it is [`Side::finish`].
trait Bench: Sync + Sized {
    fn setup(n: usize, threads: usize) -> Result<Self>;
    fn run(&self, thread: usize, n: usize);
}

unsafe extern "C" fn setup<B: Bench>(n: u32, threads: u32) -> *mut c_void {
    let state = B::setup(n as usize, threads as usize);
    match state.and_then(|state| Ok(KBox::new(state, GFP_KERNEL)?)) {
        Ok(state) => KBox::into_raw(state).cast(),
        Err(_) => core::ptr::null_mut(),
    }
}

unsafe extern "C" fn run<B: Bench>(state: *mut c_void, thread: u32, n: u32) {
    // SAFETY: C passes what `setup` has returned.
    unsafe { &*state.cast::<B>() }.run(thread as usize, n as usize);
}

unsafe extern "C" fn finish<B: Bench>(state: *mut c_void) {
    // SAFETY: C passes what `setup` has returned, for the last time.
    drop(unsafe { KBox::from_raw(state.cast::<B>()) });
}

macro_rules! sides {
    ($($name:ident: $bench:ty;)*) => {$(
        #[allow(non_upper_case_globals, missing_docs)]
        #[unsafe(no_mangle)]
        pub static $name: Side = Side {
            setup: setup::<$bench>,
            run: run::<$bench>,
            finish: finish::<$bench>,
        };
    )*};
}

sides! {
    rust_each_system_percpu: Each<SystemPercpu>;
    rust_each_system_dfl: Each<SystemDfl>;
    rust_each_percpu: Each<Percpu>;
    rust_each_unbound: Each<Unbound>;
    rust_each_ordered: Each<Ordered>;
    rust_each_bh: Each<Bh>;
    rust_embedded_system: Embedded<SystemPercpu>;
    rust_embedded: Embedded<Percpu>;
    rust_embedded_arm_system: EmbeddedArm<SystemPercpu>;
    rust_embedded_arm: EmbeddedArm<Percpu>;
    rust_spawn_kept: SpawnKept;
    rust_many_percpu: Many<Percpu>;
    rust_many_unbound: Many<Unbound>;
    rust_spawn_each: SpawnEach;
    rust_spawn_many: SpawnMany;
    rust_cancel: Cancel;
    rust_cancel_sync: CancelSync;
    rust_flush_item: FlushItem;
    rust_flush_queue: FlushQueue;
    rust_arm_disarm_system: ArmDisarmSystem;
    rust_arm_disarm: ArmDisarmAgain;
    rust_arm_disarm_first: ArmDisarm;
    rust_mod_delayed: ModDelayed;
    rust_build: Build;
    rust_drop_armed: DropArmed;
    rust_task_add: TaskAdd;
    rust_task_add_builtin: TaskAddBuiltIn;
    rust_task_spawn: TaskSpawn;
}

#[allow(non_upper_case_globals, missing_docs)]
#[unsafe(no_mangle)]
pub static rust_sizes: [u32; 3] = [
    size_of::<Work<Item>>() as u32,
    size_of::<DelayedWork<Delayed>>() as u32,
    size_of::<ScopedWork<()>>() as u32,
];

#[pin_data]
struct Item {
    #[pin]
    work: Work<Item>,
    value: usize,
}

impl_has_work! {
    impl HasWork<Self> for Item { self.work }
}

impl Item {
    fn new(value: usize) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self { work <- new_work!("Item::work"), value }),
            GFP_KERNEL,
        )
    }
}

impl WorkItem for Item {
    type Pointer = Arc<Item>;

    fn run(this: Arc<Item>) {
        bench_ran(this.value);
    }
}

#[pin_data]
struct Delayed {
    #[pin]
    work: DelayedWork<Delayed>,
    value: usize,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Delayed { self.work }
}

impl Delayed {
    fn new(value: usize) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self { work <- new_delayed_work!("Delayed::work"), value }),
            GFP_KERNEL,
        )
    }
}

impl WorkItem for Delayed {
    type Pointer = Arc<Delayed>;

    fn run(this: Arc<Delayed>) {
        bench_ran(this.value);
    }
}

struct Value(usize);

impl ScopedWorkItem for Value {
    fn run(this: &ScopedWork<Self>) {
        bench_ran(this.0);
    }
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_embedded_enqueue(item: &ScopedWork<Value>) -> bool {
    item.enqueue().is_ok()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_embedded_enqueue_delayed(item: &ScopedWork<Value>) -> bool {
    item.enqueue_delayed(DELAY).is_ok()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_embedded_cancel(item: &ScopedWork<Value>) -> bool {
    item.cancel()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_spawn_kept(queue: &Queue, value: usize) -> bool {
    queue
        .try_spawn_in_module::<LocalModule, _>(GFP_KERNEL, move || bench_ran(value))
        .is_ok()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_enqueue(queue: &Queue, item: &Arc<Item>) -> bool {
    queue.enqueue(item.clone()).is_ok()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_cancel(item: &Arc<Item>) -> bool {
    item.work.cancel().is_some()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_cancel_sync(item: &Arc<Item>) -> bool {
    item.work.cancel_sync().is_some()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_flush_item(item: &Arc<Item>) -> bool {
    item.work.flush()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_flush_queue(queue: &OwnedQueue) {
    queue.flush();
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_enqueue_delayed(queue: &Queue, item: &Arc<Delayed>) -> bool {
    queue.enqueue_delayed(item.clone(), DELAY).is_ok()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_cancel_delayed(item: &Arc<Delayed>) -> bool {
    item.work.cancel().is_some()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_mod_delayed(queue: &Queue, item: &Arc<Delayed>) -> bool {
    matches!(queue.mod_delayed(item.clone(), DELAY), Ok(Some(_)))
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_spawn(queue: &Queue, value: usize) -> bool {
    queue
        .try_spawn(GFP_KERNEL, move || bench_ran(value))
        .is_ok()
}

/// A kind of queue.
trait Target: Sync + Sized {
    fn new() -> Result<Self>;
    fn queue(&self) -> &Queue;
}

macro_rules! system_queues {
    ($($name:ident: $queue:expr;)*) => {$(
        struct $name;

        impl Target for $name {
            fn new() -> Result<Self> {
                Ok(Self)
            }

            fn queue(&self) -> &Queue {
                $queue
            }
        }
    )*};
}

system_queues! {
    SystemPercpu: workqueue::system_percpu();
    SystemDfl: workqueue::system_dfl();
}

macro_rules! private_queues {
    ($($name:ident: $builder:expr;)*) => {$(
        struct $name(OwnedQueue);

        impl Target for $name {
            fn new() -> Result<Self> {
                Ok(Self($builder.build(c"bench")?))
            }

            fn queue(&self) -> &Queue {
                &self.0
            }
        }
    )*};
}

private_queues! {
    Percpu: Queue::new_percpu();
    Unbound: Queue::new_unbound();
    Ordered: Queue::new_ordered();
    Bh: Queue::new_bh();
}

/// A queue, and items in the order in which threads use them.
struct Items<Q> {
    queue: Q,
    items: KVVec<Arc<Item>>,
}

impl<Q: Target> Items<Q> {
    fn new(nr: usize) -> Result<Self> {
        let mut items = KVVec::with_capacity(nr, GFP_KERNEL)?;
        for value in 0..nr {
            items.push(Item::new(value)?, GFP_KERNEL)?;
        }
        Ok(Self {
            queue: Q::new()?,
            items,
        })
    }

    fn of(&self, thread: usize, n: usize) -> impl Iterator<Item = &Arc<Item>> {
        self.items.iter().skip(thread * n).take(n)
    }
}

fn delayed_items(nr: usize) -> Result<KVVec<Arc<Delayed>>> {
    let mut items = KVVec::with_capacity(nr, GFP_KERNEL)?;
    for value in 0..nr {
        items.push(Delayed::new(value)?, GFP_KERNEL)?;
    }
    Ok(items)
}

/// One at a time: enqueue, wait until it has run.
struct Each<Q>(Items<Q>);

impl<Q: Target> Bench for Each<Q> {
    fn setup(n: usize, _threads: usize) -> Result<Self> {
        Ok(Self(Items::new(n)?))
    }

    fn run(&self, _thread: usize, _n: usize) {
        for item in &self.0.items {
            bench_expect(1);
            rust_op_enqueue(self.0.queue.queue(), item);
            bench_wait();
        }
    }
}

/// Many, by several threads.
struct Many<Q>(Items<Q>);

impl<Q: Target> Bench for Many<Q> {
    fn setup(n: usize, threads: usize) -> Result<Self> {
        bench_expect((n * threads) as u32);
        Ok(Self(Items::new(n * threads)?))
    }

    fn run(&self, thread: usize, n: usize) {
        for item in self.0.of(thread, n) {
            rust_op_enqueue(self.0.queue.queue(), item);
        }
        if thread == 0 {
            bench_wait();
        }
    }
}

/// Items that are part of their owner, and have been delayed before.
struct EmbeddedItems<Q> {
    items: KVVec<Pin<KBox<ScopedWork<Value>>>>,
    _queue: Q,
}

impl<Q: Target> EmbeddedItems<Q> {
    fn new(nr: usize) -> Result<Self> {
        let queue = Q::new()?;
        let mut items = KVVec::with_capacity(nr, GFP_KERNEL)?;
        for value in 0..nr {
            let item = new_scoped_work!(queue.queue(), Value(value), "Value");
            let item = KBox::pin_init(item, GFP_KERNEL)?;
            item.enqueue_delayed(DELAY)?;
            item.cancel();
            items.push(item, GFP_KERNEL)?;
        }
        Ok(Self {
            items,
            _queue: queue,
        })
    }
}

struct Embedded<Q>(EmbeddedItems<Q>);

impl<Q: Target> Bench for Embedded<Q> {
    fn setup(n: usize, _threads: usize) -> Result<Self> {
        Ok(Self(EmbeddedItems::new(n)?))
    }

    fn run(&self, _thread: usize, _n: usize) {
        for item in &self.0.items {
            bench_expect(1);
            rust_op_embedded_enqueue(item);
            bench_wait();
        }
    }
}

struct EmbeddedArm<Q>(EmbeddedItems<Q>);

impl<Q: Target> Bench for EmbeddedArm<Q> {
    fn setup(n: usize, _threads: usize) -> Result<Self> {
        Ok(Self(EmbeddedItems::new(n)?))
    }

    fn run(&self, _thread: usize, _n: usize) {
        for item in &self.0.items {
            rust_op_embedded_enqueue_delayed(item);
            rust_op_embedded_cancel(item);
        }
    }
}

struct SpawnKept(Unbound);

impl Bench for SpawnKept {
    fn setup(_n: usize, _threads: usize) -> Result<Self> {
        Ok(Self(Unbound::new()?))
    }

    fn run(&self, _thread: usize, n: usize) {
        for value in 0..n {
            bench_expect(1);
            rust_op_spawn_kept(self.0.queue(), value);
            bench_wait();
        }
    }
}

struct SpawnEach(Unbound);

impl Bench for SpawnEach {
    fn setup(_n: usize, _threads: usize) -> Result<Self> {
        Ok(Self(Unbound::new()?))
    }

    fn run(&self, _thread: usize, n: usize) {
        for value in 0..n {
            bench_expect(1);
            rust_op_spawn(self.0.queue(), value);
            bench_wait();
        }
    }
}

struct SpawnMany(Unbound);

impl Bench for SpawnMany {
    fn setup(_n: usize, _threads: usize) -> Result<Self> {
        Ok(Self(Unbound::new()?))
    }

    fn run(&self, _thread: usize, n: usize) {
        bench_expect(n as u32);
        for value in 0..n {
            rust_op_spawn(self.0.queue(), value);
        }
        bench_wait();
    }
}

/// Items of an ordered queue whose first item does not return remain pending.
struct Blocked(Items<Ordered>);

impl Blocked {
    fn new(n: usize) -> Result<Self> {
        let items = Items::<Ordered>::new(n)?;
        items
            .queue
            .queue()
            .try_spawn(GFP_KERNEL, || bench_block())?;
        bench_wait_blocked();
        Ok(Self(items))
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        bench_unblock();
    }
}

struct Cancel(Blocked);

impl Bench for Cancel {
    fn setup(n: usize, _threads: usize) -> Result<Self> {
        Ok(Self(Blocked::new(n)?))
    }

    fn run(&self, _thread: usize, _n: usize) {
        let Items { queue, items } = &self.0 .0;
        for item in items {
            rust_op_enqueue(queue.queue(), item);
            rust_op_cancel(item);
        }
    }
}

struct CancelSync(Blocked);

impl Bench for CancelSync {
    fn setup(n: usize, _threads: usize) -> Result<Self> {
        Ok(Self(Blocked::new(n)?))
    }

    fn run(&self, _thread: usize, _n: usize) {
        let Items { queue, items } = &self.0 .0;
        for item in items {
            rust_op_enqueue(queue.queue(), item);
            rust_op_cancel_sync(item);
        }
    }
}

struct FlushItem(Items<Unbound>);

impl Bench for FlushItem {
    fn setup(n: usize, _threads: usize) -> Result<Self> {
        Ok(Self(Items::new(n)?))
    }

    fn run(&self, _thread: usize, _n: usize) {
        for item in &self.0.items {
            rust_op_enqueue(self.0.queue.queue(), item);
            rust_op_flush_item(item);
        }
    }
}

struct FlushQueue(Unbound);

impl Bench for FlushQueue {
    fn setup(_n: usize, _threads: usize) -> Result<Self> {
        Ok(Self(Unbound::new()?))
    }

    fn run(&self, _thread: usize, n: usize) {
        for _ in 0..n {
            rust_op_flush_queue(&self.0 .0);
        }
    }
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_enqueue_delayed_system(item: &Arc<Delayed>) -> bool {
    workqueue::system_percpu()
        .enqueue_delayed(item.clone(), DELAY)
        .is_ok()
}

struct ArmDisarmSystem(KVVec<Arc<Delayed>>);

impl Bench for ArmDisarmSystem {
    fn setup(n: usize, _threads: usize) -> Result<Self> {
        Ok(Self(delayed_items(n)?))
    }

    fn run(&self, _thread: usize, _n: usize) {
        for item in &self.0 {
            rust_op_enqueue_delayed_system(item);
            rust_op_cancel_delayed(item);
        }
    }
}

struct ArmDisarm(Percpu, KVVec<Arc<Delayed>>);

impl Bench for ArmDisarm {
    fn setup(n: usize, threads: usize) -> Result<Self> {
        Ok(Self(Percpu::new()?, delayed_items(n * threads)?))
    }

    fn run(&self, thread: usize, n: usize) {
        for item in self.1.iter().skip(thread * n).take(n) {
            rust_op_enqueue_delayed(&self.0 .0, item);
            rust_op_cancel_delayed(item);
        }
    }
}

/// The same with items that have been on the queue before.
struct ArmDisarmAgain(ArmDisarm);

impl Bench for ArmDisarmAgain {
    fn setup(n: usize, threads: usize) -> Result<Self> {
        let items = ArmDisarm::setup(n, threads)?;
        items.run(0, n * threads);
        Ok(Self(items))
    }

    fn run(&self, thread: usize, n: usize) {
        self.0.run(thread, n);
    }
}

struct ModDelayed(Percpu, KVVec<Arc<Delayed>>);

impl Bench for ModDelayed {
    fn setup(n: usize, _threads: usize) -> Result<Self> {
        let this = Self(Percpu::new()?, delayed_items(n)?);
        for item in &this.1 {
            rust_op_enqueue_delayed(&this.0 .0, item);
        }
        Ok(this)
    }

    fn run(&self, _thread: usize, _n: usize) {
        for item in &self.1 {
            rust_op_mod_delayed(&self.0 .0, item);
        }
    }
}

impl Drop for ModDelayed {
    fn drop(&mut self) {
        for item in &self.1 {
            rust_op_cancel_delayed(item);
        }
    }
}

struct Build(PhantomData<()>);

impl Bench for Build {
    fn setup(_n: usize, _threads: usize) -> Result<Self> {
        Ok(Self(PhantomData))
    }

    fn run(&self, _thread: usize, n: usize) {
        for _ in 0..n {
            drop(Percpu::new());
        }
    }
}

/// Only the drop is measured, which drops all items.
struct DropArmed {
    _queue: Percpu,
}

impl Bench for DropArmed {
    fn setup(n: usize, _threads: usize) -> Result<Self> {
        let queue = Percpu::new()?;
        let items = delayed_items(n)?;
        for item in items {
            let _ = queue.0.enqueue_delayed(item, DELAY);
        }
        Ok(Self { _queue: queue })
    }

    fn run(&self, _thread: usize, _n: usize) {}
}

/// `M` is the module that has to stay.
#[pin_data]
struct Task<M> {
    #[pin]
    work: TaskWork<Task<M>>,
    value: usize,
    _owner: PhantomData<fn() -> M>,
}

impl_has_task_work! {
    impl{M} HasTaskWork<Self> for Task<M> { self.work }
}

#[vtable]
impl<M: CodeOwner> TaskWorkItem for Task<M> {
    type OwnerModule = M;
    type Pointer = Arc<Task<M>>;

    fn run(this: Arc<Task<M>>) {
        bench_ran(this.value);
    }
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_task_add(task: &kernel::task::Task, item: &Arc<Task<LocalModule>>) -> bool {
    task_work::add(task, item.clone(), NotifyMode::Resume).is_ok()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_task_add_builtin(task: &kernel::task::Task, item: &Arc<Task<BuiltIn>>) -> bool {
    task_work::add(task, item.clone(), NotifyMode::Resume).is_ok()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn rust_op_task_spawn(value: usize) -> bool {
    task_work::try_spawn::<LocalModule, _>(current!(), NotifyMode::Resume, GFP_KERNEL, move || {
        bench_ran(value)
    })
    .is_ok()
}

fn task_items<M: CodeOwner>(n: usize) -> Result<KVVec<Arc<Task<M>>>> {
    let mut items = KVVec::with_capacity(n, GFP_KERNEL)?;

    for value in 0..n {
        let item = pin_init!(Task { work <- TaskWork::new(), value, _owner: PhantomData });
        items.push(Arc::pin_init(item, GFP_KERNEL)?, GFP_KERNEL)?;
    }
    Ok(items)
}

struct TaskAdd(KVVec<Arc<Task<LocalModule>>>);

impl Bench for TaskAdd {
    fn setup(n: usize, threads: usize) -> Result<Self> {
        Ok(Self(task_items(n * threads)?))
    }

    fn run(&self, thread: usize, n: usize) {
        let task = current!();

        for item in &self.0[thread * n..][..n] {
            rust_op_task_add(task, item);
        }
    }
}

struct TaskAddBuiltIn(KVVec<Arc<Task<BuiltIn>>>);

impl Bench for TaskAddBuiltIn {
    fn setup(n: usize, threads: usize) -> Result<Self> {
        Ok(Self(task_items(n * threads)?))
    }

    fn run(&self, thread: usize, n: usize) {
        let task = current!();

        for item in &self.0[thread * n..][..n] {
            rust_op_task_add_builtin(task, item);
        }
    }
}

struct TaskSpawn(PhantomData<()>);

impl Bench for TaskSpawn {
    fn setup(_n: usize, _threads: usize) -> Result<Self> {
        Ok(Self(PhantomData))
    }

    fn run(&self, thread: usize, n: usize) {
        for value in 0..n {
            rust_op_task_spawn(thread * n + value);
        }
    }
}
