//! The event table: which records there are and what their words mean.
//!
//! A record is eight words. The first says what it is; the rest are its times and figures. The
//! table is the format of the buffer, not of any file: it may change with every version.

use super::buffer::{Record, WORDS};

/// The first word of a record, unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which record it is.
    pub kind: u8,
    /// Bits that the kind gives a meaning.
    pub flags: u8,
    /// A small number: a depth, a kind of operation.
    pub small: u16,
    /// A text of the lane's, from 1, or another number; 0 is none.
    pub text: u32,
}

impl Head {
    #[inline]
    fn word(self) -> u64 {
        u64::from(self.kind)
            | u64::from(self.flags) << 8
            | u64::from(self.small) << 16
            | u64::from(self.text) << 32
    }

    fn from_word(word: u64) -> Self {
        Self {
            kind: word as u8,
            flags: (word >> 8) as u8,
            small: (word >> 16) as u16,
            text: (word >> 32) as u32,
        }
    }
}

/// Flag of every record: a panic went through it.
pub const PANICKED: u8 = 1;
/// Flag of a task: its depth is known.
pub const DEPTH_KNOWN: u8 = 2;
/// Flag of a join: it is a split of a parallel iterator.
pub const SPLIT: u8 = 2;
/// Flag of a join: its first half ran with its joins as plain calls, the second as usual.
pub const ELIDED_FIRST: u8 = 4;
/// Flag of a join: its second half ran with its joins as plain calls, the first as usual.
pub const ELIDED_SECOND: u8 = 8;
/// Flag of a leaf: a [`Feed`] goes with it.
pub const FED: u8 = 2;
/// Flag of a phase: a job brought it from the thread that pushed it.
pub const INHERITED: u8 = 2;
/// Flag of an iteration: reductions are visible.
pub const REDUCTIONS_SEEN: u8 = 2;
/// Flag of an iteration: nothing but its span is visible.
pub const OPAQUE: u8 = 4;
/// Words that a [`Counted`] record holds.
pub const COUNTED_WORDS: usize = 6;
/// The upper bits of the flags hold an origin or the fate of a second half.
const FATE_SHIFT: u8 = 4;

macro_rules! event_table {
    ($($(#[$doc:meta])* $name:ident = $kind:literal {
        $($(#[$field_doc:meta])* $field:ident,)*
    })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct $name {
                /// Flags, see the constants of this module.
                pub flags: u8,
                /// Small number of the head.
                pub small: u16,
                /// Text or number of the head.
                pub text: u32,
                $($(#[$field_doc])* pub $field: u64,)*
            }

            impl $name {
                /// The number of this kind in the first word.
                pub const KIND: u8 = $kind;

                /// The record's words.
                #[inline]
                pub fn encode(&self) -> Record {
                    let Self { flags, small, text, .. } = *self;
                    let head = Head { kind: Self::KIND, flags, small, text };
                    [head.word(), $(self.$field,)*]
                }

                fn decode(head: Head, record: &Record) -> Self {
                    let Head { flags, small, text, .. } = head;
                    let [_, $($field,)*] = *record;
                    Self { flags, small, text, $($field,)* }
                }
            }
        )*

        /// The table as a text: who reads records in another process has to have the same.
        pub(super) const TABLE: &str =
            concat!($(stringify!($name), $kind, $(" ", stringify!($field),)* ";",)*);

        /// Any record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Raw {
            $($(#[$doc])* $name($name),)*
        }

        impl Raw {
            /// Reads a record's words; `None` if there is no such kind.
            pub fn decode(record: &Record) -> Option<Self> {
                let head = Head::from_word(record[0]);
                match head.kind {
                    $($name::KIND => Some(Self::$name($name::decode(head, record))),)*
                    _ => None,
                }
            }
        }
    };
}

event_table! {
    /// A job that a worker ran. `small`: depth; `text`: where it was pushed.
    Task = 1 {
        /// Ticks at its start.
        start,
        /// Ticks at its end.
        end,
        /// Its id.
        id,
        /// The id of what pushed it, or 0.
        parent,
        /// Ticks when it was pushed, or 0.
        pushed,
        /// Joins called in it.
        joins,
        /// Tasks spawned in it.
        spawns,
    }

    /// A timed join. `small`: depth; `text`: where it was called.
    Join = 2 {
        /// Ticks at the call.
        start,
        /// Ticks when the first half ended.
        first_end,
        /// Ticks at the return.
        end,
        /// Its id.
        id,
        /// The task that called it.
        task,
        /// Joins called in the first half; of a split, the id of its operation.
        first_joins,
        /// Joins called in the second half, by this worker, in this task.
        second_joins,
    }

    /// A call that waits for others. `small`: which one; `text`: where it was called.
    Operation = 3 {
        /// Ticks at the call.
        start,
        /// Ticks when the caller had nothing left but to wait.
        wait,
        /// Ticks at the return.
        end,
        /// Its id.
        id,
        /// The task that called it, or 0.
        task,
        /// The text of the name that the user gave it, or 0.
        label,
        /// Not used.
        spare,
    }

    /// Short tasks and waits, summed up. `text`: how many tasks.
    Collapsed = 4 {
        /// Ticks at the first one's start.
        start,
        /// Ticks at the last one's end.
        end,
        /// Ticks in them, without waits and recorded tasks.
        busy,
        /// Ticks of waits that were not recorded.
        waited,
        /// Joins called in them.
        joins,
        /// Tasks spawned in them.
        spawns,
        /// Ticks from push to start, summed.
        queued,
    }

    /// A part of a parallel iterator, run item by item. `small`: depth.
    Leaf = 6 {
        /// Ticks at its start.
        start,
        /// Ticks at its end.
        end,
        /// Its id.
        id,
        /// The operation that it is part of.
        operation,
        /// The task that ran it, or 0.
        task,
        /// Items that it was given.
        items,
        /// Not used.
        spare,
    }

    /// Two results of a parallel iterator made one. `small`: depth.
    Reduction = 7 {
        /// Ticks at its start.
        start,
        /// Ticks at its end.
        end,
        /// Its id.
        id,
        /// The operation that it is part of.
        operation,
        /// The task that ran it, or 0.
        task,
        /// Not used.
        spare_a,
        /// Not used.
        spare_b,
    }

    /// What a parallel iterator did, written before its operation. `text`: what it is, in words.
    Iteration = 8 {
        /// The operation's id.
        operation,
        /// Items of its leaves.
        items,
        /// Its leaves.
        leaves,
        /// Its splits.
        splits,
        /// Its reductions.
        reductions,
        /// Its halves that were stolen.
        steals,
        /// Not used.
        spare,
    }

    /// Where the time of a leaf under `par_bridge` went, written before the leaf.
    Feed = 9 {
        /// The leaf's id.
        leaf,
        /// Ticks of waiting for the iterator that all share.
        waited,
        /// Ticks in that iterator's `next`.
        producing,
        /// Not used.
        spare_a,
        /// Not used.
        spare_b,
        /// Not used.
        spare_c,
        /// Not used.
        spare_d,
    }

    /// What the counters of the thread counted in a task itself, written before the task: six words
    /// of as many as it takes. `small`: which six; `text`: how many words there are.
    Counted = 10 {
        /// The task's id.
        task,
        /// The first of the six.
        first,
        /// The second.
        second,
        /// The third.
        third,
        /// The fourth.
        fourth,
        /// The fifth.
        fifth,
        /// The sixth.
        sixth,
    }

    /// A stretch that the program named. `text`: its name, or 0.
    Phase = 11 {
        /// Ticks at its start.
        start,
        /// Ticks at its end.
        end,
        /// Its number; 0 where a job ran that was in no phase.
        number,
        /// That of the phase in which it was opened, or 0.
        within,
        /// Not used.
        spare_a,
        /// Not used.
        spare_b,
        /// Not used.
        spare_c,
    }

    /// Something that the program noted. `text`: what.
    Note = 12 {
        /// Ticks when.
        at,
        /// The phase that it is of, or 0.
        phase,
        /// Not used.
        spare_a,
        /// Not used.
        spare_b,
        /// Not used.
        spare_c,
        /// Not used.
        spare_d,
        /// Not used.
        spare_e,
    }

    /// A worker without work looked for some, from when it found none of its own. `small`: why it
    /// ended.
    Search = 13 {
        /// Ticks at its start.
        start,
        /// Ticks at its end.
        end,
        /// Rounds in which it looked everywhere and found nothing.
        rounds,
        /// Times that it left the CPU to others in between.
        yields,
        /// Not used.
        spare_a,
        /// Not used.
        spare_b,
        /// Not used.
        spare_c,
    }

    /// A worker without work slept. `small`: why it was woken; `text`: the lane that woke it, or 0.
    Sleep = 14 {
        /// Ticks when it fell asleep.
        start,
        /// Ticks when it was awake again.
        end,
        /// Ticks when it was woken, or 0.
        woken,
        /// Not used.
        spare_a,
        /// Not used.
        spare_b,
        /// Not used.
        spare_c,
        /// Not used.
        spare_d,
    }

    /// A piece of a text. `text`: its number; `small`: bytes of the text that follow, this piece
    /// included.
    TextPiece = 5 {
        /// Bytes 0 to 8.
        a,
        /// Bytes 8 to 16.
        b,
        /// Bytes 16 to 24.
        c,
        /// Bytes 24 to 32.
        d,
        /// Bytes 32 to 40.
        e,
        /// Bytes 40 to 48.
        f,
        /// Bytes 48 to 56.
        g,
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $code:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$case_doc])* $case = $code,)*
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$case),*];

            /// Reads the number that stands in a record.
            pub fn from_code(code: u8) -> Option<Self> {
                Self::ALL.iter().copied().find(|&case| case as u8 == code)
            }
        }
    )*};
}

codes! {
    /// How a task came to its worker.
    Origin {
        /// Code on a worker that entered the pool unseen.
        Root = 0,
        /// Pushed by the same worker.
        Local = 1,
        /// Pushed by another worker of the pool.
        Stolen = 2,
        /// Pushed from outside the pool.
        Injected = 3,
        /// A share of a broadcast.
        Broadcast = 4,
        /// The second half of a collapsed join, run as a job.
        Migrated = 5,
    }

    /// How a join's second half was run.
    SecondHalf {
        /// In place.
        Inline = 0,
        /// As a job, by the same worker.
        SameWorker = 1,
        /// By another worker.
        Stolen = 2,
        /// Not known: the first half panicked.
        Unknown = 3,
    }

    /// How a search for work ended.
    SearchEnd {
        /// It found a job.
        Found = 0,
        /// What the worker waited for was there.
        Over = 1,
        /// The worker fell asleep.
        Asleep = 2,
    }

    /// Why a sleeping worker was woken.
    WakeReason {
        /// What it waited for was there.
        Latch = 0,
        /// There were jobs, and too few workers awake.
        Jobs = 1,
    }

    /// Which call an operation is.
    OperationKind {
        /// A stretch that the user named.
        Region = 0,
        /// `ThreadPool::install`.
        Install = 1,
        /// `join` from outside.
        Join = 2,
        /// `scope` or `scope_fifo`.
        Scope = 3,
        /// `in_place_scope` or `in_place_scope_fifo`.
        InPlaceScope = 4,
        /// `broadcast`.
        Broadcast = 5,
        /// A parallel iterator.
        Iterator = 6,
        /// `par_sort` and its like.
        Sort = 7,
        /// A parallel iterator whose parts are out of sight.
        OpaqueIterator = 8,
    }
}

/// A depth in 16 bits; deeper ones are shown as 65,535.
#[inline]
pub(super) fn small_depth(depth: u32) -> u16 {
    u16::try_from(depth).unwrap_or(u16::MAX)
}

/// The flags of a task.
#[inline]
pub(super) fn task_flags(origin: Origin, depth_known: bool, panicked: bool) -> u8 {
    (origin as u8) << FATE_SHIFT | if depth_known { DEPTH_KNOWN } else { 0 } | u8::from(panicked)
}

/// The flags of a join.
#[inline]
pub(super) fn join_flags(second: SecondHalf, panicked: bool) -> u8 {
    (second as u8) << FATE_SHIFT | u8::from(panicked)
}

impl Task {
    /// How it came to its worker; `None` if the record is damaged.
    pub fn origin(&self) -> Option<Origin> {
        Origin::from_code(self.flags >> FATE_SHIFT)
    }
}

impl Join {
    /// How its second half was run; `None` if the record is damaged.
    pub fn second(&self) -> Option<SecondHalf> {
        SecondHalf::from_code(self.flags >> FATE_SHIFT)
    }
}

impl Search {
    /// How it ended; `None` if the record is damaged.
    pub fn how(&self) -> Option<SearchEnd> {
        SearchEnd::from_code(u8::try_from(self.small).ok()?)
    }
}

impl Sleep {
    /// Why the worker was woken; `None` if the record is damaged.
    pub fn reason(&self) -> Option<WakeReason> {
        WakeReason::from_code(u8::try_from(self.small).ok()?)
    }
}

impl Operation {
    /// Which call it is; `None` if the record is damaged.
    pub fn kind(&self) -> Option<OperationKind> {
        OperationKind::from_code(u8::try_from(self.small).ok()?)
    }
}

/// Bytes of a text in one piece.
const PIECE: usize = 8 * (WORDS - 1);

/// The records that spell a text, at most 65,535 bytes of it.
pub(super) fn spell(number: u32, text: &str) -> impl Iterator<Item = Record> + '_ {
    let bytes = &text.as_bytes()[..text.floor_char_boundary_at(usize::from(u16::MAX))];
    // An empty text is one piece with no bytes.
    let starts = (0..bytes.len().max(1)).step_by(PIECE);
    starts.map(move |start| piece(number, &bytes[start..]))
}

fn piece(number: u32, rest: &[u8]) -> Record {
    let mut padded = [0; PIECE];
    let len = rest.len().min(PIECE);
    padded[..len].copy_from_slice(&rest[..len]);
    let small = rest.len() as u16;
    let mut record = [Head { kind: TextPiece::KIND, flags: 0, small, text: number }.word(); WORDS];
    for (word, bytes) in record[1..].iter_mut().zip(padded.chunks_exact(8)) {
        *word = u64::from_le_bytes(bytes.try_into().expect("chunks of eight"));
    }
    record
}

/// Puts the texts back together: the `i`-th is number `i + 1`. Stops at the first that is cut off.
pub fn read_texts(records: &[Record]) -> Vec<String> {
    let mut texts = Vec::new();
    let mut bytes = Vec::new();
    for record in records {
        let head = Head::from_word(record[0]);
        let here = usize::from(head.small).min(PIECE);
        bytes.extend(record[1..].iter().flat_map(|word| word.to_le_bytes()).take(here));
        if usize::from(head.small) <= PIECE {
            texts.push(String::from_utf8_lossy(&bytes).into_owned());
            bytes.clear();
        }
    }
    texts
}

pub(super) trait FloorCharBoundary {
    /// The longest beginning of at most so many bytes that ends between characters.
    fn floor_char_boundary_at(&self, most: usize) -> usize;
}

impl FloorCharBoundary for str {
    fn floor_char_boundary_at(&self, most: usize) -> usize {
        let mut end = self.len().min(most);
        while !self.is_char_boundary(end) {
            end -= 1;
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks the table: every kind is told from every other, and no word is lost.
    #[test]
    fn every_kind_survives_encoding() {
        for kind in 1..=14 {
            let head = Head { kind, flags: 0b1010_0101, small: 0xabcd, text: 0xdead_beef };
            let record = std::array::from_fn(|i| if i == 0 { head.word() } else { 1 << (i * 7) });
            let raw = Raw::decode(&record).expect("a kind of the table");
            let again = match raw {
                Raw::Task(task) => task.encode(),
                Raw::Join(join) => join.encode(),
                Raw::Operation(operation) => operation.encode(),
                Raw::Collapsed(collapsed) => collapsed.encode(),
                Raw::Leaf(leaf) => leaf.encode(),
                Raw::Reduction(reduction) => reduction.encode(),
                Raw::Iteration(iteration) => iteration.encode(),
                Raw::Feed(feed) => feed.encode(),
                Raw::Counted(counted) => counted.encode(),
                Raw::Phase(phase) => phase.encode(),
                Raw::Note(note) => note.encode(),
                Raw::Search(search) => search.encode(),
                Raw::Sleep(sleep) => sleep.encode(),
                Raw::TextPiece(piece) => piece.encode(),
            };
            assert_eq!(again, record, "kind {kind}");
        }
        assert_eq!(Raw::decode(&[0; WORDS]), None);
        assert_eq!(Raw::decode(&[15; WORDS]), None);
    }

    #[test]
    fn every_code_survives_the_flags() {
        for &origin in Origin::ALL {
            let flags = task_flags(origin, true, true);
            assert_eq!(flags & PANICKED, PANICKED);
            assert_eq!(Origin::from_code(flags >> FATE_SHIFT), Some(origin));
        }
        for &second in SecondHalf::ALL {
            let flags = join_flags(second, false);
            assert_eq!(flags & PANICKED, 0);
            assert_eq!(SecondHalf::from_code(flags >> FATE_SHIFT), Some(second));
        }
    }

    #[test]
    fn texts_of_every_length_come_back() {
        let longest = if cfg!(miri) { 1_000 } else { 65_535 };
        let lengths = [0, 1, 55, 56, 57, 111, 112, 113, longest];
        let texts: Vec<String> = lengths.map(|len| "x".repeat(len)).into();
        let records: Vec<Record> =
            (1..).zip(&texts).flat_map(|(number, text)| spell(number, text)).collect();
        assert_eq!(read_texts(&records), texts);
    }

    #[cfg(not(miri))] // takes a minute there, and touches no memory by hand
    #[test]
    fn a_long_text_is_cut_between_characters() {
        let records: Vec<Record> = spell(1, &"é".repeat(40_000)).collect();
        let texts = read_texts(&records);
        assert_eq!(texts[0].len(), 65_534);
    }
}
