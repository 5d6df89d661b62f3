// SPDX-License-Identifier: GPL-2.0

//! Random programs over all of the API, each step of which is compared with a model.
//!
//! A misc device takes programs: a seed, or a list of operations. A write executes the program up to
//! an operation that returns to user mode. An empty one goes on with it.

use kernel::{
    fs::{
        File,
        Kiocb, //
    },
    iov::IovIterSource,
    miscdevice::{
        MiscDevice,
        MiscDeviceOptions,
        MiscDeviceRegistration, //
    },
    prelude::*,
    sync::{
        new_mutex,
        Arc,
        Mutex, //
    },
    workqueue::WorkHandle, //
};

mod board;
mod call;
mod exact;
mod helper;
mod items;
mod model;
mod program;
mod record;
mod tasks;
mod threads;

use board::Board;
use exact::{
    Violation,
    World, //
};
use program::{
    Op,
    Random, //
};

module! {
    type: Module,
    name: "random_programs",
    authors: ["Rust for Linux Contributors"],
    description: "Random programs over the API of workqueues",
    license: "GPL",
}

#[pin_data(PinnedDrop)]
struct Module {
    // Fields are dropped in this order: the device cannot be opened any more, then the items stop.
    #[pin]
    _miscdev: MiscDeviceRegistration<Session>,
    _fixed: [WorkHandle<&'static items::Fixed>; 2],
}

impl kernel::InPlaceModule for Module {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        // SAFETY: It is called once.
        unsafe { items::BOARD.init() };

        try_pin_init!(Self {
            _miscdev <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"random-programs" }),
            _fixed: [WorkHandle::new(items::fixed(0)), WorkHandle::new(items::fixed(1))],
        })
    }
}

#[pinned_drop]
impl PinnedDrop for Module {
    fn drop(self: Pin<&mut Self>) {
        *items::BOARD.lock() = None;
    }
}

/// A program, and how far it is.
struct Running {
    world: World,
    words: KVec<u32>,
    position: usize,
    seed: u64,
    /// Whether the program is one for several threads.
    threads: bool,
    failed: bool,
}

#[pin_data]
struct Session {
    board: Arc<Board>,
    #[pin]
    running: Mutex<Option<KBox<Running>>>,
}

#[vtable]
impl MiscDevice for Session {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let board = Board::new()?;
        let world = World::new(board.clone())?;
        let running = KBox::new(
            Running {
                world,
                words: KVec::with_capacity(1 << 14, GFP_KERNEL)?,
                position: 0,
                seed: 0,
                threads: false,
                failed: false,
            },
            GFP_KERNEL,
        )?;
        *items::BOARD.lock() = Some(board.clone());

        KBox::try_pin_init(
            try_pin_init!(Self { board, running <- new_mutex!(Some(running), "Session::running") }),
            GFP_KERNEL,
        )
    }

    /// Returns how much it has taken: 0 means that there is more to be done.
    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let session = kiocb.file();
        let mut bytes = KVec::new();
        let length = iov.copy_from_iter_vec(&mut bytes, GFP_KERNEL)?;
        let mut guard = session.running.lock();
        let running = (*guard).as_deref_mut().ok_or(ENODEV)?;

        if running.failed {
            return Err(EIO);
        }
        if length > 0 {
            running.start(&bytes)?;
        }
        match running.proceed() {
            Ok(true) => Ok(length.max(1)),
            // The caller returns to user mode, and comes back.
            Ok(false) => Err(EAGAIN),
            Err(violation) => {
                running.tell(&violation);
                running.failed = true;
                session.board.open();
                Err(EIO)
            }
        }
    }

    fn release(device: Self::Ptr, _file: &File) {
        let running = device.running.lock().take();
        // Where something has gone wrong, nobody knows what may be dropped.
        if let Some(running) = running {
            pr_info!("operations: {}\n", running.world.done);
            running.world.leave();
            if running.failed {
                core::mem::forget(running);
            }
        }
    }
}

impl Running {
    /// Takes a program: numbers of 32 bits, which are flags (1: all operations are told of, 2: the
    /// program is printed, 4: it is for several threads), a seed, a length, and operations if the
    /// length is 0.
    fn start(&mut self, bytes: &[u8]) -> Result {
        let word = |n: usize| -> Result<u32> {
            let bytes = bytes.get(4 * n..4 * n + 4).ok_or(EINVAL)?;
            Ok(u32::from_le_bytes(bytes.try_into().map_err(|_| EINVAL)?))
        };
        let (flags, seed, length) = (word(0)?, word(1)?, word(2)?);

        self.words.clear();
        self.position = 0;
        self.seed = seed.into();
        self.world.trace = flags & 1 != 0;
        if length > 0 {
            let mut random = Random::new(self.seed);
            for _ in 0..length {
                let word = random.word();
                self.words.push_within_capacity(word).map_err(|_| E2BIG)?;
            }
        } else {
            for n in 3..bytes.len() / 4 {
                self.words
                    .push_within_capacity(word(n)?)
                    .map_err(|_| E2BIG)?;
            }
        }
        self.threads = flags & 4 != 0;
        pr_info!("program {flags} {}\n", self.seed);
        if flags & 2 != 0 {
            self.print_words();
        }
        self.world.begin();
        Ok(())
    }

    /// Returns whether the program is over.
    fn proceed(&mut self) -> Result<bool, Violation> {
        if self.threads {
            self.position = self.words.len();
            self.world.done += threads::run(&self.words)?;
            return Ok(true);
        }
        self.world.returned()?;
        while let Some(word) = self.words.get(self.position).copied() {
            let op = Op::from_word(word);
            if self.world.trace {
                pr_info!("{}: {word:08x} {op:?}\n", self.position);
            }
            let pause = self.world.step(op)?;
            self.position += 1;
            if pause {
                return Ok(false);
            }
        }
        let order = self.words.iter().fold(0, |all, word| all ^ (word >> 8));
        self.world.finish(order)?;
        Ok(true)
    }

    fn tell(&mut self, violation: &Violation) {
        pr_err!("FAILED: {}\n", violation.what);
        if let Some(expected) = violation.expected {
            pr_err!("expected {expected:?}\n");
        }
        if let Some(got) = violation.got {
            pr_err!("got {got:?}\n");
        }
        match self.words.get(self.position) {
            Some(word) => pr_err!(
                "seed {}, operation {} of {}: {:?}\n",
                self.seed,
                self.position,
                self.words.len(),
                Op::from_word(*word)
            ),
            None => pr_err!("seed {}, at the end of {}\n", self.seed, self.words.len()),
        }
        if let Some(word) = self.words.get(self.position) {
            self.world.describe(Op::from_word(*word));
        }
        if !self.threads {
            self.world.describe_all();
        }
        let length = self.words.len().min(self.position + 1);
        self.words.truncate(length);
        self.print_words();
    }

    fn print_words(&self) {
        for (n, word) in self.words.iter().enumerate() {
            pr_info!("word {n} {word:08x} {:?}\n", Op::from_word(*word));
        }
    }
}
