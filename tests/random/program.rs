// SPDX-License-Identifier: GPL-2.0

//! Programs: lists of numbers, each of which is an operation with three operands.
//!
//! Any list is a program: operands are taken modulo what there is, and what cannot be done at that
//! point is skipped. So a part of a program is one, too, which is how programs are shortened.

macro_rules! verbs {
    ($($name:ident $weight:literal,)*) => {
        /// What an operation does, and how often there is one of it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Verb {
            $($name,)*
        }

        const VERBS: &[(Verb, u32)] = &[$((Verb::$name, $weight),)*];
    };
}

verbs! {
    NewQueue 30,
    DropQueue 8,
    DropQueueByItem 4,
    Shutdown 4,
    FlushQueue 8,
    Refer 6,
    NewItem 30,
    NewScoped 30,
    DropScoped 14,
    Enqueue 60,
    EnqueueOn 12,
    EnqueueDelayed 40,
    ModDelayed 40,
    Cancel 24,
    CancelSync 14,
    Flush 12,
    FlushQueued 5,
    IsPending 8,
    IsBusy 8,
    Remaining 4,
    Disable 12,
    DisableSync 8,
    Enable 20,
    Stop 4,
    MakeHandle 5,
    DropHandle 4,
    Once 40,
    Scope 5,
    Release 70,
    TaskAdd 10,
    TaskSpawn 5,
    TaskCancel 5,
    TaskPending 2,
    Return 5,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    pub(crate) verb: Verb,
    pub(crate) a: u8,
    pub(crate) b: u8,
    pub(crate) c: u8,
}

impl Op {
    pub(crate) fn from_word(word: u32) -> Self {
        let [verb, a, b, c] = word.to_le_bytes();
        let (verb, _) = VERBS[usize::from(verb) % VERBS.len()];

        Self { verb, a, b, c }
    }
}

/// Pseudo-random numbers.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        // Seeds are small numbers. What they begin with must not be.
        let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self((state ^ (state >> 31)) | 1)
    }

    pub(crate) fn next(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }

    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        self.next() % bound
    }

    /// An operation.
    pub(crate) fn word(&mut self) -> u32 {
        let total = VERBS.iter().map(|(_, weight)| weight).sum();
        let mut at = self.below(total);
        let mut verb = 0;

        for (n, (_, weight)) in VERBS.iter().enumerate() {
            if at < *weight {
                verb = n as u32;
                break;
            }
            at -= weight;
        }
        verb | self.next() << 8
    }
}
