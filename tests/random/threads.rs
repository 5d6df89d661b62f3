// SPDX-License-Identifier: GPL-2.0

//! Executes programs by several threads at once, by a softirq, and by the items themselves.
//!
//! What an operation returns is not known then. But everything that was given to a queue is executed,
//! comes back, or is dropped, once; and nothing runs after what says that it does not.

use crate::{
    board::Patience,
    exact::{
        Verdict,
        Violation, //
    },
    program::{
        Op,
        Verb, //
    },
    record::{
        Fate,
        Problems,
        Record, //
    },
};
use kernel::{
    cpu::CpuId,
    new_mutex,
    prelude::*,
    sync::{
        aref::ARef,
        atomic::{
            Atomic,
            Full,
            Relaxed, //
        },
        new_spinlock_irq,
        Arc,
        Mutex,
        SpinLockIrq, //
    },
    time::{
        delay::fsleep,
        Delta,
        Jiffy, //
    },
    workqueue::{
        impl_has_delayed_work,
        impl_has_work,
        new_delayed_work,
        new_work,
        system_bh,
        system_dfl,
        system_highpri,
        system_percpu,
        work_class,
        DeferredDrop,
        DelayedWork,
        Disabled,
        OwnedQueue,
        Queue,
        ScopedWork,
        ScopedWorkItem,
        Work,
        WorkHandle,
        WorkItem, //
    },
};

const THREADS: usize = 3;
/// The actor in a softirq comes after the threads.
const ACTORS: usize = THREADS + 1;
/// Items that are always enqueued on the same queue, and those that are enqueued on all of them.
const HOMED: usize = 3;
const ROAMING: usize = 3;
const ITEMS: usize = HOMED + ROAMING;
/// A queue of each kind.
const QUEUES: usize = 4;
const BH: usize = 3;
const SCOPED: usize = 2;

#[pin_data]
struct Item {
    home: Option<&'static Queue>,
    plain_record: Arc<Record>,
    delayed_record: Arc<Record>,
    #[pin]
    plain: Work<Item, 1>,
    #[pin]
    delayed: DelayedWork<Item, 2>,
}

impl_has_work! {
    impl HasWork<Self, 1> for Item { self.plain }
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self, 2> for Item { self.delayed }
}

impl WorkItem<1> for Item {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let record = this.plain_record.clone();
        record.begin();
        // Now and then it goes on by itself.
        if let (0, Some(home)) = (record.ran() % 5, this.home) {
            let again = this.clone();
            let _ = record.offer(|| home.enqueue::<_, 1>(again));
        }
        drop(this);
        record.end();
    }
}

impl WorkItem<2> for Item {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let record = this.delayed_record.clone();
        record.begin();
        if let (0, Some(home)) = (record.ran() % 5, this.home) {
            let again = this.clone();
            let _ = record.offer(|| home.enqueue_delayed::<_, 2>(again, Delta::from_jiffies(1)));
        }
        drop(this);
        record.end();
    }
}

impl Item {
    fn new(problems: &Arc<Problems>, number: usize) -> Result<Arc<Self>> {
        let home = match number {
            0 => Some(system_percpu()),
            1 => Some(system_dfl()),
            2 => Some(system_highpri()),
            _ => None,
        };
        let exclusive = home.is_some();
        let (plain_record, delayed_record) = (
            Record::new(problems, exclusive)?,
            Record::new(problems, exclusive)?,
        );
        Arc::pin_init(
            pin_init!(Self {
                home,
                plain_record,
                delayed_record,
                plain <- new_work!("Item::plain"),
                delayed <- new_delayed_work!("Item::delayed"),
            }),
            GFP_KERNEL,
        )
    }
}

/// A private queue, and what has happened to its closures.
struct Owner {
    /// Not there any more when the queue has been dropped.
    queue: Option<OwnedQueue>,
    record: Arc<Record>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        drop(self.queue.take());
        self.record.is_over();
    }
}

impl Owner {
    fn new(problems: &Arc<Problems>, number: usize) -> Result<Arc<Self>> {
        let name = c"random-private";
        let queue = match number {
            0 => Queue::new_percpu().build(name)?,
            1 => Queue::new_unbound().max_active(2).build(name)?,
            BH => Queue::new_bh().build(name)?,
            _ => Queue::new_ordered().build(name)?,
        };
        let record = Record::new(problems, false)?;
        Ok(Arc::new(
            Self {
                queue: Some(queue),
                record,
            },
            GFP_KERNEL,
        )?)
    }
}

/// A reference to a private queue, which may be gone.
#[derive(Clone)]
struct Reference {
    queue: ARef<Queue>,
    record: Arc<Record>,
}

struct Data(Arc<Record>);

impl ScopedWorkItem for Data {
    fn run(this: &ScopedWork<Self>) {
        this.0.begin();
        if this.0.ran() % 5 == 0 {
            let _ = this.0.offer(|| this.enqueue_delayed(Delta::from_jiffies(1)));
        }
        this.0.end();
    }
}

#[pin_data]
struct Holder {
    #[pin]
    work: ScopedWork<Data>,
}

/// The owner of an embedded item.
struct Scoped {
    holder: Option<Pin<KBox<Holder>>>,
    record: Arc<Record>,
    disabled: Atomic<u32>,
}

impl Drop for Scoped {
    fn drop(&mut self) {
        drop(self.holder.take());
        self.record.is_over();
        self.record.must(
            self.record.is_plausible(),
            "an embedded item was executed too often",
        );
    }
}

impl Scoped {
    fn new(problems: &Arc<Problems>, queue: &Queue) -> Result<Arc<Self>> {
        let record = Record::new(problems, true)?;
        let data = Data(record.clone());
        let class = work_class!("Holder::work");
        let holder = KBox::pin_init(
            try_pin_init!(Holder { work <- ScopedWork::new(queue, data, class) }),
            GFP_KERNEL,
        )?;
        Ok(Arc::new(
            Self {
                holder: Some(holder),
                record,
                disabled: Atomic::new(0),
            },
            GFP_KERNEL,
        )?)
    }
}

/// What all actors have.
#[pin_data]
struct Shared {
    problems: Arc<Problems>,
    /// An item that has been stopped is replaced.
    #[pin]
    items: SpinLockIrq<[Option<Arc<Item>>; ITEMS]>,
    #[pin]
    references: SpinLockIrq<[Option<Reference>; QUEUES]>,
    #[pin]
    queues: Mutex<[Option<Arc<Owner>>; QUEUES]>,
    #[pin]
    scoped: Mutex<[Option<Arc<Scoped>>; SCOPED]>,
    /// The closures on the queues of the system.
    system: Arc<Record>,
    /// Items and queues that have been replaced, to be looked at in the end.
    #[pin]
    replaced: Mutex<KVec<Arc<Item>>>,
    #[pin]
    records: Mutex<KVec<Arc<Record>>>,
}

/// A thread, or the softirq.
struct Actor {
    shared: Arc<Shared>,
    plain: KVec<(Arc<Record>, Disabled<Arc<Item>, 1>)>,
    delayed: KVec<(Arc<Record>, Disabled<Arc<Item>, 2>)>,
}

fn delay(c: u8) -> Delta<Jiffy> {
    Delta::from_jiffies(isize::from(c % 3))
}

impl Actor {
    fn item(&self, a: u8) -> Option<Arc<Item>> {
        self.shared.items.lock()[usize::from(a) % ITEMS].clone()
    }

    /// The queue of an operation: that of the item, one of the system's, or a private one.
    fn with_queue(&self, item: &Item, b: u8, f: impl FnOnce(&Queue, bool)) {
        if let Some(home) = item.home {
            return f(home, false);
        }
        match usize::from(b) % (QUEUES + 2) {
            BH | QUEUES => f(system_percpu(), false),
            n if n < QUEUES => {
                let reference = self.shared.references.lock()[n].clone();
                if let Some(reference) = reference {
                    f(&reference.queue, true);
                }
            }
            _ => f(system_dfl(), false),
        }
    }

    /// What is possible in any context.
    fn act_anywhere(&mut self, op: Op) {
        let Some(item) = self.item(op.a) else {
            return;
        };
        let (plain, delayed) = (&item.plain_record, &item.delayed_record);

        match op.verb {
            Verb::Enqueue | Verb::Release => self.with_queue(&item, op.b, |queue, _| {
                let _ = plain.offer(|| queue.enqueue::<_, 1>(item.clone()));
                if op.c & 1 == 1 {
                    let _ = delayed.offer(|| queue.enqueue::<_, 2>(item.clone()));
                }
            }),
            Verb::EnqueueOn => self.with_queue(&item, op.b, |queue, _| {
                let cpu = u32::from(op.c) % kernel::cpu::nr_cpu_ids();
                if let Some(cpu) = CpuId::from_u32(cpu) {
                    let _ = plain.offer(|| queue.enqueue_on::<_, 1>(cpu, item.clone()));
                }
            }),
            Verb::EnqueueDelayed => self.with_queue(&item, op.b, |queue, _| {
                let _ = delayed.offer(|| queue.enqueue_delayed::<_, 2>(item.clone(), delay(op.c)));
            }),
            Verb::ModDelayed => self.with_queue(&item, op.b, |queue, _| {
                let result = delayed.offer(|| queue.mod_delayed::<_, 2>(item.clone(), delay(op.c)));
                if let Ok(Some(_)) = result {
                    delayed.surplus();
                }
            }),
            Verb::Cancel => {
                plain.give_back(item.plain.cancel().is_some());
                delayed.give_back(item.delayed.cancel().is_some());
            }
            Verb::Disable => {
                let disabled = Disabled::<_, 1>::new(item.clone());
                plain.give_back(disabled.was_pending());
                drop(disabled);
                let disabled = Disabled::<_, 2>::new(item.clone());
                delayed.give_back(disabled.was_pending());
                drop(disabled.enable());
            }
            Verb::Once => self.once(op),
            _ => (),
        }
    }

    fn once(&self, op: Op) {
        let number = usize::from(op.b) % (QUEUES + 2);
        let reference = if number < QUEUES {
            self.shared.references.lock()[number].clone()
        } else {
            None
        };
        let (queue, record) = match (&reference, number) {
            (Some(r), _) => (&*r.queue, &r.record),
            (None, QUEUES) => (system_percpu(), &self.shared.system),
            (None, n) if n > QUEUES => (system_bh(), &self.shared.system),
            _ => return,
        };
        let fate = Fate::new(record);
        let call = move || fate.run(|| ());

        record.offer_closure(|| match op.a % 4 {
            0 => queue.try_spawn(GFP_ATOMIC, call).map_err(Error::from),
            1 => queue
                .try_spawn_delayed(GFP_ATOMIC, delay(op.c), call)
                .map_err(Error::from),
            2 => queue
                .try_spawn_in_module::<crate::LocalModule, _>(GFP_ATOMIC, call)
                .map_err(Error::from),
            _ => {
                // Dropped by a worker, and never called.
                DeferredDrop::new(call, queue, GFP_ATOMIC)
                    .map(drop)
                    .map_err(Error::from)
                    .and(Err(ENOENT))
            }
        });
    }

    /// What needs a thread that may sleep.
    fn act(&mut self, op: Op) {
        let number = usize::from(op.a) % QUEUES;
        let shared = self.shared.clone();

        match op.verb {
            Verb::NewQueue | Verb::DropQueue if op.c < 64 => {
                let Ok(owner) = Owner::new(&shared.problems, number) else {
                    return;
                };
                let reference = owner.queue.as_ref().map(|queue| Reference {
                    queue: queue.into(),
                    record: owner.record.clone(),
                });
                let kept = shared.records.lock().push(owner.record.clone(), GFP_KERNEL);
                if kept.is_err() {
                    return;
                }
                let old = core::mem::replace(&mut shared.references.lock()[number], reference);
                drop(old);
                let old = shared.queues.lock()[number].replace(owner);
                drop(old);
            }
            Verb::Shutdown if op.c < 64 => {
                let owner = shared.queues.lock()[number].clone();
                if let Some(owner) = owner {
                    owner.queue.as_ref().map(|queue| queue.shutdown());
                    owner.record.is_over();
                }
            }
            Verb::FlushQueue => {
                let owner = shared.queues.lock()[number].clone();
                if let Some(owner) = owner {
                    owner.queue.as_ref().map(|queue| queue.flush());
                }
            }
            Verb::Scope => self.scope(number, op.b),
            Verb::CancelSync | Verb::Flush | Verb::FlushQueued | Verb::DisableSync => {
                if let Some(item) = self.item(op.a) {
                    self.wait_for_item(op, item);
                }
            }
            Verb::Enable => {
                while let Some((record, disabled)) = self.plain.pop() {
                    record.let_go();
                    drop(disabled);
                }
                while let Some((record, disabled)) = self.delayed.pop() {
                    record.let_go();
                    drop(disabled.enable());
                }
            }
            Verb::Stop | Verb::DropHandle => self.stop(op),
            Verb::NewScoped
            | Verb::DropScoped
            | Verb::IsBusy
            | Verb::IsPending
            | Verb::Remaining => self.act_on_scoped(op),
            Verb::Return => fsleep(Delta::from_micros(100)),
            _ => self.act_anywhere(op),
        }
    }

    fn wait_for_item(&mut self, op: Op, item: Arc<Item>) {
        let (plain, delayed) = (&item.plain_record, &item.delayed_record);

        match op.verb {
            Verb::CancelSync if op.c & 1 == 0 => {
                plain.give_back(item.plain.cancel_sync().is_some())
            }
            Verb::CancelSync => delayed.give_back(item.delayed.cancel_sync().is_some()),
            Verb::Flush => {
                item.plain.flush();
                item.delayed.flush();
            }
            Verb::FlushQueued => {
                item.delayed.flush_queued();
            }
            _ if op.c & 1 == 0 => {
                if self.plain.reserve(1, GFP_KERNEL).is_err() {
                    return;
                }
                let disabled = Disabled::<_, 1>::new_sync(item.clone());
                plain.give_back(disabled.was_pending());
                plain.hold();
                let _ = self.plain.push_within_capacity((plain.clone(), disabled));
            }
            _ => {
                if self.delayed.reserve(1, GFP_KERNEL).is_err() {
                    return;
                }
                let disabled = Disabled::<_, 2>::new_sync(item.clone());
                delayed.give_back(disabled.was_pending());
                delayed.hold();
                let _ = self
                    .delayed
                    .push_within_capacity((delayed.clone(), disabled));
            }
        }
    }

    /// Stops an item for good, and puts another one in its place.
    fn stop(&mut self, op: Op) {
        let number = usize::from(op.a) % ITEMS;
        let Ok(new) = Item::new(&self.shared.problems, number) else {
            return;
        };
        let old = self.shared.items.lock()[number].replace(new);
        let Some(item) = old else {
            return;
        };
        item.stop(op.verb == Verb::DropHandle);
        // Without memory it is not looked at in the end.
        let _ = self.shared.replaced.lock().push(item, GFP_KERNEL);
    }

    /// Closures that borrow have ended when this returns.
    fn scope(&self, number: usize, b: u8) {
        let owner = self.shared.queues.lock()[number].clone();
        let Some(Owner {
            queue: Some(queue), ..
        }) = owner.as_deref()
        else {
            return;
        };
        let called = Atomic::new(0u32);
        let mut spawned = 0;

        let _ = queue.scope(|scope| {
            for _ in 0..b % 4 {
                let call = || {
                    called.fetch_add(1, Relaxed);
                };
                spawned += u32::from(scope.try_spawn(GFP_KERNEL, call).is_ok());
            }
            Ok(())
        });
        self.shared.problems.must(
            called.load(Relaxed) == spawned,
            "a scope has ended before its closures",
        );
    }

    fn act_on_scoped(&self, op: Op) {
        let number = usize::from(op.a) % SCOPED;

        if matches!(op.verb, Verb::NewScoped | Verb::DropScoped) {
            let new = if number == 0 {
                Scoped::new(&self.shared.problems, system_dfl())
            } else {
                let reference = self.shared.references.lock()[0].clone();
                match reference {
                    Some(reference) => Scoped::new(&self.shared.problems, &reference.queue),
                    None => return,
                }
            };
            let old = match new {
                Ok(new) => self.shared.scoped.lock()[number].replace(new),
                Err(_) => None,
            };
            drop(old);
            return;
        }
        let scoped = self.shared.scoped.lock()[number].clone();
        let Some(scoped) = scoped else {
            return;
        };
        let Some(holder) = &scoped.holder else {
            return;
        };
        let (work, record) = (&holder.work, &scoped.record);
        match op.b % 10 {
            0 | 1 => {
                let _ = record.offer(|| work.enqueue());
            }
            2 | 3 => {
                let _ = record.offer(|| work.enqueue_delayed(delay(op.c)));
            }
            4 => {
                if let Ok(true) = record.offer(|| work.mod_delayed(delay(op.c))) {
                    record.surplus();
                }
            }
            5 => record.give_back(work.cancel()),
            6 => record.give_back(work.cancel_sync()),
            7 => drop(work.flush()),
            8 => {
                record.give_back(work.disable_sync());
                record.hold();
                scoped.disabled.fetch_add(1, Relaxed);
            }
            _ => {
                let mut count = scoped.disabled.load(Relaxed);
                while count > 0 {
                    match scoped.disabled.cmpxchg(count, count - 1, Full) {
                        Ok(_) => {
                            record.let_go();
                            work.enable();
                            return;
                        }
                        Err(now) => count = now,
                    }
                }
            }
        }
    }
}

impl Item {
    fn stop(self: &Arc<Self>, by_handle: bool) {
        let (plain, delayed) = (&self.plain_record, &self.delayed_record);

        if by_handle {
            // What the handle takes back is dropped, and not counted.
            drop(WorkHandle::<_, 1>::new(self.clone()));
            drop(WorkHandle::<_, 2>::new(self.clone()));
        } else {
            plain.give_back(self.plain.stop().is_some());
            delayed.give_back(self.delayed.stop().is_some());
        }
        plain.is_over();
        delayed.is_over();
    }
}

/// What the softirq has to do.
#[pin_data]
struct Softirq {
    #[pin]
    rest: SpinLockIrq<(Actor, KVec<Op>)>,
    #[pin]
    work: Work<Softirq>,
}

impl_has_work! {
    impl HasWork<Self> for Softirq { self.work }
}

impl WorkItem for Softirq {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let next = {
            let mut rest = this.rest.lock();
            let op = rest.1.pop();
            op.map(|op| (op, rest.0.shared.clone()))
        };
        if let Some((op, shared)) = next {
            let mut actor = Actor {
                shared,
                plain: KVec::new(),
                delayed: KVec::new(),
            };
            actor.act_anywhere(op);
            drop(actor);
            let _ = system_bh().enqueue(this);
        }
    }
}

fn op_of(word: u32) -> Op {
    Op::from_word(word)
}

/// Executes a program.
pub(crate) fn run(words: &[u32]) -> Verdict<u64> {
    match execute(words) {
        Ok(None) => Ok(words.len() as u64),
        Ok(Some(what)) => Err(Violation::new(what)),
        // There was no memory to begin.
        Err(_) => Ok(0),
    }
}

fn execute(words: &[u32]) -> Result<Option<&'static str>> {
    let problems = Problems::new()?;
    let mut items = [const { None }; ITEMS];
    for (number, item) in items.iter_mut().enumerate() {
        *item = Some(Item::new(&problems, number)?);
    }
    let system = Record::new(&problems, false)?;
    let captured = problems.clone();
    let system_closures = system.clone();
    let shared = Arc::pin_init(
        pin_init!(Shared {
            problems: captured,
            items <- new_spinlock_irq!(items, "random items"),
            references <- new_spinlock_irq!([const { None }; QUEUES], "random references"),
            queues <- new_mutex!([const { None }; QUEUES], "random queues"),
            scoped <- new_mutex!([const { None }; SCOPED], "random scoped"),
            system: system_closures,
            replaced <- new_mutex!(KVec::new(), "random replaced"),
            records <- new_mutex!(KVec::new(), "random records"),
        }),
        GFP_KERNEL,
    )?;
    let threads = Queue::new_unbound().build(c"random-threads")?;

    // The actor of an operation depends on nothing but the operation.
    let actor_of = |word: u32| (word >> 30) as usize % ACTORS;
    let mut rest = KVec::new();
    for word in words
        .iter()
        .rev()
        .filter(|word| actor_of(**word) == THREADS)
    {
        rest.push(op_of(*word), GFP_KERNEL)?;
    }
    let actor = Actor {
        shared: shared.clone(),
        plain: KVec::new(),
        delayed: KVec::new(),
    };
    let softirq = Arc::pin_init(
        pin_init!(Softirq {
            rest <- new_spinlock_irq!((actor, rest), "random softirq"),
            work <- new_work!("Softirq::work"),
        }),
        GFP_KERNEL,
    )?;
    let _ = system_bh().enqueue(softirq.clone());

    threads.scope(|scope| {
        for thread in 0..THREADS {
            let shared = shared.clone();
            scope.try_spawn(GFP_KERNEL, move || {
                let mut actor = Actor {
                    shared,
                    plain: KVec::new(),
                    delayed: KVec::new(),
                };
                for word in words.iter().filter(|word| actor_of(**word) == thread) {
                    actor.act(op_of(*word));
                }
                actor.act(Op {
                    verb: Verb::Enable,
                    a: 0,
                    b: 0,
                    c: 0,
                });
            })?;
        }
        Ok(())
    })?;
    // The softirq goes on until it has done all. Then nothing acts any more.
    let mut patience = Patience::new();
    while !softirq.rest.lock().1.is_empty() || softirq.work.is_busy() {
        if patience.is_over() {
            break;
        }
        fsleep(Delta::from_millis(1));
    }
    problems.must(softirq.rest.lock().1.is_empty(), "the softirq does not end");
    softirq.work.stop();
    drop(softirq);
    finish(&shared, &problems);
    drop(shared);
    Ok(problems.first())
}

/// Stops everything, and sees that nothing is missing.
fn finish(shared: &Arc<Shared>, problems: &Arc<Problems>) {
    for number in 0..SCOPED {
        let scoped = shared.scoped.lock()[number].take();
        drop(scoped);
    }
    for number in 0..QUEUES {
        let reference = shared.references.lock()[number].take();
        drop(reference);
        let owner = shared.queues.lock()[number].take();
        drop(owner);
    }
    for number in 0..ITEMS {
        let item = shared.items.lock()[number].take();
        let Some(item) = item else {
            continue;
        };
        item.stop(false);
        if item.home.is_some() {
            problems.must(
                item.plain_record.is_settled() && item.delayed_record.is_settled(),
                "a reference was neither executed nor returned",
            );
        }
        check_item(item, problems);
    }
    loop {
        let item = shared.replaced.lock().pop();
        match item {
            Some(item) => check_item(item, problems),
            None => break,
        }
    }
    loop {
        let record = shared.records.lock().pop();
        match record {
            Some(record) => problems.must(
                record.is_settled(),
                "a closure of a queue was neither executed nor dropped",
            ),
            None => break,
        }
    }
    let mut patience = Patience::new();
    while !shared.system.is_settled() {
        if patience.is_over() {
            problems.must(false, "a closure of a queue of the system was not executed");
            return;
        }
        fsleep(Delta::from_millis(1));
    }
}

/// Nothing else may have a reference to an item that has been stopped.
fn check_item(item: Arc<Item>, problems: &Arc<Problems>) {
    problems.must(
        item.plain_record.is_plausible() && item.delayed_record.is_plausible(),
        "an item was executed more often than it was enqueued",
    );
    problems.must(
        Arc::into_unique_or_drop(item).is_some(),
        "a reference to an item has leaked",
    );
}
