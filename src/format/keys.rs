//! The names of all that is said of events, and the shape of what is said under each. One table
//! for both formats: a field that is new to the model is new here, in [`fields`](super::fields) and
//! in [`args`](super::args), and nowhere else.

use crate::model::{Half, OperationKind, Origin, SearchEnd, SecondHalf, WakeReason};

/// What a field's value looks like.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// A whole number.
    Whole,
    /// A text, or an event's id.
    Text,
    /// True, or not there.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A call site of the head's, by its number.
    Site,
    /// A chain of the head's, by its number.
    Chain,
    /// A value for each of the head's counters that has one.
    Counters,
    /// Core-time by component: derived, and not read back.
    CoreTime,
}

macro_rules! keys {
    ($($key:ident: $name:literal = $shape:expr;)*) => {
        /// A field's name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Key { $($key,)* }

        impl Key {
            /// All of them.
            pub(super) const ALL: &[Self] = &[$(Self::$key,)*];

            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$key => $name,)* }
            }

            /// As JSON, with what separates it from the field before.
            pub(super) const fn json(self) -> &'static str {
                match self { $(Self::$key => concat!(",\"", $name, "\":"),)* }
            }

            pub(super) const fn shape(self) -> Shape {
                match self { $(Self::$key => $shape,)* }
            }

            /// The key of this name.
            #[cfg_attr(not(feature = "read"), allow(dead_code, reason = "the way back"))]
            #[allow(non_upper_case_globals, reason = "they are called as the keys are")]
            pub(super) fn named(name: &[u8]) -> Option<Self> {
                $(const $key: &[u8] = $name.as_bytes();)*
                match name { $($key => Some(Self::$key),)* _ => None }
            }
        }
    };
}

// The commonest come first: in protobuf, the first fifteen take a byte less.
keys! {
    Id: "id" = Shape::Text;
    Task: "task" = Shape::Text;
    Operation: "operation" = Shape::Text;
    Parent: "parent" = Shape::Text;
    Depth: "depth" = Shape::Whole;
    FirstNs: "first_ns" = Shape::Whole;
    FirstJoins: "first_joins" = Shape::Whole;
    SecondJoins: "second_joins" = Shape::Whole;
    Second: "second" = Shape::Word(<SecondHalf as Word>::NAMES);
    Site: "site" = Shape::Site;
    Origin: "origin" = Shape::Word(<Origin as Word>::NAMES);
    QueueNs: "queue_ns" = Shape::Whole;
    Joins: "joins" = Shape::Whole;
    Spawns: "spawns" = Shape::Whole;
    Items: "items" = Shape::Whole;
    Elided: "elided" = Shape::Word(<Half as Word>::NAMES);
    Panicked: "panicked" = Shape::Flag;
    Open: "open" = Shape::Flag;
    Runnable: "runnable" = Shape::Flag;
    FromCpu: "from_cpu" = Shape::Whole;
    ToCpu: "to_cpu" = Shape::Whole;
    Ns: "ns" = Shape::Whole;
    Counters: "counters" = Shape::Counters;
    Kind: "kind" = Shape::Word(<OperationKind as Word>::NAMES);
    Opaque: "opaque" = Shape::Flag;
    OwnNs: "own_ns" = Shape::Whole;
    Label: "label" = Shape::Text;
    Chain: "chain" = Shape::Chain;
    Leaves: "leaves" = Shape::Whole;
    Splits: "splits" = Shape::Whole;
    Reductions: "reductions" = Shape::Whole;
    Steals: "steals" = Shape::Whole;
    WaitedNs: "waited_ns" = Shape::Whole;
    ProducingNs: "producing_ns" = Shape::Whole;
    Tasks: "tasks" = Shape::Whole;
    BusyNs: "busy_ns" = Shape::Whole;
    QueuedNs: "queued_ns" = Shape::Whole;
    StartNs: "start_ns" = Shape::Whole;
    EndNs: "end_ns" = Shape::Whole;
    CoreNs: "core_ns" = Shape::CoreTime;
    Phase: "phase" = Shape::Whole;
    Within: "within" = Shape::Whole;
    Inherited: "inherited" = Shape::Flag;
    Rounds: "rounds" = Shape::Whole;
    Yields: "yields" = Shape::Whole;
    Ended: "ended" = Shape::Word(<SearchEnd as Word>::NAMES);
    WokenNs: "woken_ns" = Shape::Whole;
    WokenBy: "woken_by" = Shape::Whole;
    WokenFor: "woken_for" = Shape::Word(<WakeReason as Word>::NAMES);
}

/// A choice of the model's, by its word.
pub(super) trait Word: Copy + 'static {
    /// The words, each at its [`index`](Self::index).
    const NAMES: &'static [&'static str];

    fn index(self) -> usize;

    #[cfg_attr(not(feature = "read"), allow(dead_code, reason = "the way back"))]
    fn named(name: &str) -> Option<Self>;
}

macro_rules! words {
    ($($choice:ident { $($variant:ident: $name:literal,)* })*) => {$(
        impl Word for $choice {
            const NAMES: &'static [&'static str] = &[$($name,)*];

            fn index(self) -> usize {
                enum At { $($variant,)* }
                (match self { $(Self::$variant => At::$variant,)* }) as usize
            }

            fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    )*};
}

words! {
    Origin {
        Root: "root",
        Local: "local",
        Stolen: "stolen",
        Injected: "injected",
        Broadcast: "broadcast",
        Migrated: "migrated",
    }
    SecondHalf {
        Inline: "inline",
        SameWorker: "same-worker",
        Stolen: "stolen",
        Unknown: "unknown",
    }
    Half {
        First: "first",
        Second: "second",
    }
    OperationKind {
        Region: "region",
        Install: "install",
        Join: "join",
        Scope: "scope",
        InPlaceScope: "in-place-scope",
        Broadcast: "broadcast",
        Iterator: "iterator",
        OpaqueIterator: "opaque-iterator",
        Sort: "sort",
    }
    SearchEnd {
        Found: "found",
        Latch: "latch",
        Asleep: "asleep",
    }
    WakeReason {
        Latch: "latch",
        Jobs: "jobs",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "read")]
    #[test]
    fn every_key_is_found_by_its_name() {
        for key in Key::ALL {
            assert_eq!(Key::named(key.name().as_bytes()), Some(*key));
        }
        assert_eq!(Key::named(b"other"), None);
    }

    #[test]
    fn words_are_the_models() {
        fn check<W: Word + serde::Serialize + std::fmt::Debug>() {
            for (at, name) in W::NAMES.iter().enumerate() {
                let word = W::named(name).unwrap();
                assert_eq!(word.index(), at);
                assert_eq!(serde_json::to_value(word).unwrap(), *name);
            }
        }
        check::<Origin>();
        check::<SecondHalf>();
        check::<Half>();
        check::<OperationKind>();
        check::<SearchEnd>();
        check::<WakeReason>();
    }
}
