// SPDX-License-Identifier: GPL-2.0

//! The encoder and the teardown of vino, a driver for displays behind USB, with hardware that is
//! faked.
//!
//! The driver outside of the tree has six items, some of them delayed, that enqueue each other and
//! themselves. On disconnect it sets a flag that all of them look at, and cancels them by six
//! `drop(x.cancel_sync())` in the one order in which none is enqueued again by one that is
//! cancelled later. A frame is encoded in chunks by several CPUs. What a chunk needs is in an
//! `Arc`, with a `Completion` to wait for it and a `Mutex` for its output.
//!
//! Here each item has a [`WorkHandle`]. That of an item which is stopped refuses it for good, so
//! the handles can be dropped in any order, and there is no flag. A chunk borrows its part of the
//! frame and of the output in a [`scope`], which waits for all of them.
//!
//! [`scope`]: OwnedQueue::scope

use kernel::{
    cpu::nr_cpu_ids,
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
    time::Delta,
    workqueue::{
        impl_has_delayed_work,
        impl_has_work,
        new_delayed_work,
        new_work,
        system_percpu,
        DelayedWork,
        OwnedQueue,
        Queue,
        Work,
        WorkHandle,
        WorkItem, //
    },
};

#[path = "../checks.rs"]
mod checks;
mod fake;
mod scenario;

use fake::{
    Item,
    Usb, //
};

pub(crate) const SIZE: usize = 4096;
pub(crate) const CHUNK: usize = 512;

const FRAME_PERIOD: Delta = Delta::from_millis(10);
const KEEPALIVE_PERIOD: Delta = Delta::from_millis(15);
const HOTPLUG_PERIOD: Delta = Delta::from_millis(20);

/// Draws a frame, over and over.
pub(crate) const FRAME: u64 = 1;
/// Encodes it.
pub(crate) const ENCODE: u64 = 2;
/// Sends it.
pub(crate) const SEND: u64 = 3;
/// Gets the other side into step after an error.
pub(crate) const RECOVER: u64 = 4;
/// Tells the other side that this one is alive.
pub(crate) const KEEPALIVE: u64 = 5;
/// Looks whether there is a display.
pub(crate) const HOTPLUG: u64 = 6;

/// The frame that is drawn, and the one that has been encoded.
struct Frames {
    drawn: u32,
    pixels: KVec<u8>,
    encoded: u32,
    output: KVec<u8>,
}

#[pin_data]
pub(crate) struct Vino {
    usb: Arc<Usb>,
    /// Executes the chunks. No item of the driver is on it, since an item waits for them.
    chunks: OwnedQueue,
    connected: Atomic<bool>,
    #[pin]
    frames: Mutex<Frames>,
    #[pin]
    draw: DelayedWork<Self, FRAME>,
    #[pin]
    encode: Work<Self, ENCODE>,
    #[pin]
    send: Work<Self, SEND>,
    #[pin]
    recover: Work<Self, RECOVER>,
    #[pin]
    keepalive: DelayedWork<Self, KEEPALIVE>,
    #[pin]
    hotplug: DelayedWork<Self, HOTPLUG>,
}

impl_has_work! {
    impl HasWork<Self, ENCODE> for Vino { self.encode }
    impl HasWork<Self, SEND> for Vino { self.send }
    impl HasWork<Self, RECOVER> for Vino { self.recover }
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self, FRAME> for Vino { self.draw }
    impl HasDelayedWork<Self, KEEPALIVE> for Vino { self.keepalive }
    impl HasDelayedWork<Self, HOTPLUG> for Vino { self.hotplug }
}

// Whatever these enqueue is refused if it has been stopped, or is on its way already.

impl WorkItem<FRAME> for Vino {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.usb.runs(Item::Frame);
        if this.connected.load(Relaxed) {
            let mut frames = this.frames.lock();
            let number = frames.drawn + 1;
            frames.drawn = number;
            for (i, pixel) in frames.pixels.iter_mut().enumerate() {
                *pixel = Usb::pixel(number, i);
            }
            drop(frames);
            let _ = system_percpu().enqueue::<_, ENCODE>(this.clone());
        }
        let _ = system_percpu().enqueue_delayed::<_, FRAME>(this, FRAME_PERIOD);
    }
}

impl Vino {
    fn encode_chunk(pixels: &[u8], output: &mut [u8]) {
        for (to, from) in output.iter_mut().zip(pixels) {
            *to = Usb::encode(*from);
        }
    }

    fn encode_frame(&self) -> Result {
        let frames = &mut *self.frames.lock();
        let chunks = frames.pixels.chunks(CHUNK);
        let outputs = frames.output.chunks_mut(CHUNK);

        self.chunks.scope(|scope| {
            for (chunk, output) in chunks.zip(outputs) {
                scope.try_spawn(GFP_KERNEL, move || Self::encode_chunk(chunk, output))?;
            }
            Ok(())
        })?;
        frames.encoded = frames.drawn;
        Ok(())
    }
}

impl WorkItem<ENCODE> for Vino {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.usb.runs(Item::Encode);
        if this.encode_frame().is_ok() {
            let _ = system_percpu().enqueue::<_, SEND>(this);
        }
    }
}

impl WorkItem<SEND> for Vino {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.usb.runs(Item::Send);
        let frames = this.frames.lock();
        let sent = this.usb.send(frames.encoded, &frames.output);
        drop(frames);

        if sent.is_err() {
            let _ = system_percpu().enqueue::<_, RECOVER>(this);
        }
    }
}

impl WorkItem<RECOVER> for Vino {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.usb.runs(Item::Recover);
        this.usb.restart();
        // The frame is sent again.
        let _ = system_percpu().enqueue::<_, ENCODE>(this);
    }
}

impl WorkItem<KEEPALIVE> for Vino {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.usb.runs(Item::Keepalive);
        let _ = system_percpu().enqueue_delayed::<_, KEEPALIVE>(this, KEEPALIVE_PERIOD);
    }
}

impl WorkItem<HOTPLUG> for Vino {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.usb.runs(Item::Hotplug);
        this.connected.store(this.usb.is_connected(), Relaxed);
        let _ = system_percpu().enqueue_delayed::<_, HOTPLUG>(this, HOTPLUG_PERIOD);
    }
}

/// What the driver has while its device is bound. The items stop when this is dropped.
pub(crate) struct Bound {
    pub(crate) draw: WorkHandle<Arc<Vino>, FRAME>,
    pub(crate) encode: WorkHandle<Arc<Vino>, ENCODE>,
    pub(crate) send: WorkHandle<Arc<Vino>, SEND>,
    pub(crate) recover: WorkHandle<Arc<Vino>, RECOVER>,
    pub(crate) keepalive: WorkHandle<Arc<Vino>, KEEPALIVE>,
    pub(crate) hotplug: WorkHandle<Arc<Vino>, HOTPLUG>,
}

impl Bound {
    pub(crate) fn probe(usb: Arc<Usb>) -> Result<Self> {
        let frames = Frames {
            drawn: 0,
            pixels: KVec::from_elem(0, SIZE, GFP_KERNEL)?,
            encoded: 0,
            output: KVec::from_elem(0, SIZE, GFP_KERNEL)?,
        };
        let chunks = Queue::new_unbound()
            .max_active(nr_cpu_ids())
            .build(c"vino")?;
        let vino = Arc::pin_init(
            pin_init!(Vino {
                usb,
                chunks,
                connected: Atomic::new(false),
                frames <- new_mutex!(frames, "Vino::frames"),
                draw <- new_delayed_work!("Vino::draw"),
                encode <- new_work!("Vino::encode"),
                send <- new_work!("Vino::send"),
                recover <- new_work!("Vino::recover"),
                keepalive <- new_delayed_work!("Vino::keepalive"),
                hotplug <- new_delayed_work!("Vino::hotplug"),
            }),
            GFP_KERNEL,
        )?;

        let this = Self {
            draw: WorkHandle::new(vino.clone()),
            encode: WorkHandle::new(vino.clone()),
            send: WorkHandle::new(vino.clone()),
            recover: WorkHandle::new(vino.clone()),
            keepalive: WorkHandle::new(vino.clone()),
            hotplug: WorkHandle::new(vino.clone()),
        };
        system_percpu().enqueue::<_, HOTPLUG>(vino.clone())?;
        system_percpu().enqueue::<_, KEEPALIVE>(vino.clone())?;
        system_percpu().enqueue::<_, FRAME>(vino)?;
        Ok(this)
    }
}

// The module, which drives itself.

module! {
    type: Module,
    name: "vino",
    authors: ["Rust for Linux Contributors"],
    description: "Items that enqueue each other, and chunks that borrow",
    license: "GPL",
}

struct Module;

impl kernel::Module for Module {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        checks::Checks::run(scenario::run)?;
        Ok(Self)
    }
}
