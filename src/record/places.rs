//! The parallel iterators that a lane meets, told apart by where they are made, what they are and
//! how they are called: a tally of the log for each, and how long the parts of it take.

use std::cell::{Cell, OnceCell};
use std::panic::Location;
use std::ptr;

use super::depths::Depths;
use super::log::{Log, TALLIES};

/// A parallel iterator, as a front end names it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Where it was made.
    pub site: &'static Location<'static>,
    /// What it is, as the front end puts it: the same text for the same type.
    pub names: Names,
    /// The name that the user gave it.
    pub label: Option<&'a str>,
}

/// What a parallel iterator is.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// The type that the items come from.
    pub source: &'static str,
    /// The type of what is done with them.
    pub consumer: &'static str,
    /// What both mean; asked once per lane.
    pub meaning: fn(&str, &str) -> Meaning,
}

/// What the types of a parallel iterator mean.
#[derive(Clone, Debug, Default)]
pub struct Meaning {
    /// What it is, in words.
    pub words: String,
    /// Whether parts of it run out of sight, so that none of them is told.
    pub opaque: bool,
    /// Whether its items come from one iterator that all leaves share.
    pub bridged: bool,
}

impl Names {
    /// The same texts at the same place; equal types may differ, which costs a second look only.
    fn is(&self, other: &Self) -> bool {
        ptr::eq(self.source, other.source) && ptr::eq(self.consumer, other.consumer)
    }
}

/// A parallel iterator that a lane has met.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) site: &'static Location<'static>,
    names: Names,
    pub(super) label: Option<Box<str>>,
    pub(super) meaning: Meaning,
    /// The recording that what follows belongs to.
    epoch: Cell<u64>,
    /// Its tally in the log.
    pub(super) tally: Cell<usize>,
    /// Number of the text that says what it is, or 0.
    pub(super) chain: Cell<u32>,
    /// How long its parts take, by the splits around them.
    pub(super) depths: Depths,
}

impl Place {
    fn new(call: &Call<'_>) -> Self {
        Self {
            site: call.site,
            names: call.names,
            label: call.label.map(Box::from),
            meaning: (call.names.meaning)(call.names.source, call.names.consumer),
            epoch: Cell::new(0),
            tally: Cell::new(OTHERS),
            chain: Cell::new(0),
            depths: Depths::new(),
        }
    }

    #[inline]
    fn is(&self, call: &Call<'_>) -> bool {
        ptr::eq(self.site, call.site)
            && self.names.is(&call.names)
            && self.label.as_deref() == call.label
    }
}

/// The tally of those that found none of their own.
const OTHERS: usize = 0;

/// How far from its own entry a place may lie.
const REACH: usize = 16;

/// All that a lane has met. They stay for the thread's life, as call sites are part of the program.
pub(super) struct Places {
    entries: Box<[OnceCell<Box<Place>>; TALLIES]>,
    others: OnceCell<Box<Place>>,
    next_tally: Cell<usize>,
}

impl Places {
    pub(super) fn new() -> Self {
        Self {
            entries: Box::new([const { OnceCell::new() }; TALLIES]),
            others: OnceCell::new(),
            next_tally: Cell::new(OTHERS + 1),
        }
    }

    /// A new recording: no tally is taken.
    pub(super) fn forget(&self) {
        self.next_tally.set(OTHERS + 1);
    }

    /// The place of a call, in the recording `epoch`. `name` writes its texts: where it was made,
    /// what it is, and its label.
    #[inline]
    pub(super) fn find(
        &self,
        epoch: u64,
        call: &Call<'_>,
        log: &Log,
        name: impl FnOnce(&Place) -> [u32; 3],
    ) -> &Place {
        let first = hash(call);
        let entries = (first..first + REACH).map(|at| &self.entries[at % TALLIES]);
        for entry in entries {
            let place = entry.get_or_init(|| Box::new(Place::new(call)));
            if place.is(call) {
                if place.epoch.get() != epoch {
                    self.open(place, epoch, log, name);
                }
                return place;
            }
        }
        self.others(epoch, call)
    }

    /// Takes a tally, if there is one left.
    #[cold]
    fn open(&self, place: &Place, epoch: u64, log: &Log, name: impl FnOnce(&Place) -> [u32; 3]) {
        place.epoch.set(epoch);
        place.depths.forget();
        let names = name(place);
        place.chain.set(names[1]);
        let tally = self.next_tally.get();
        if tally >= TALLIES {
            return place.tally.set(OTHERS);
        }
        self.next_tally.set(tally + 1);
        place.tally.set(tally);
        log.name_tally(tally, names);
    }

    #[cold]
    fn others(&self, epoch: u64, call: &Call<'_>) -> &Place {
        let place = self.others.get_or_init(|| Box::new(Place::new(call)));
        if place.epoch.replace(epoch) != epoch {
            place.depths.forget();
        }
        place
    }
}

/// Addresses that lie close together go to entries that do.
#[inline]
fn hash(call: &Call<'_>) -> usize {
    let site = ptr::from_ref(call.site) as usize / 8;
    let consumer = call.names.consumer.as_ptr() as usize;
    (site ^ consumer.wrapping_mul(0x9E37_79B9) >> 8) % TALLIES
}

#[cfg(test)]
mod tests {
    use super::super::recorder::{Detail, OnFull, Settings};
    use super::*;

    fn log() -> Log {
        let settings =
            Settings { detail: Detail::Auto, capacity: 16, on_full: OnFull::Collapse, gauge: None };
        Log::new(super::super::LaneId(1), &settings)
    }

    fn call<'a>(consumer: &'static str, label: Option<&'a str>) -> Call<'a> {
        let meaning = |_: &str, _: &str| Meaning::default();
        let names = Names { source: "s", consumer, meaning };
        Call { site: Location::caller(), names, label }
    }

    #[test]
    fn each_chain_and_label_has_its_own_tally() {
        let (places, log) = (Places::new(), log());
        let find = |call: &Call<'_>| places.find(1, call, &log, |_| [1, 2, 3]).tally.get();
        let site = call("sum", None);
        let labelled = Call { label: Some("mine"), ..site };
        let other = Call { names: Names { consumer: "collect", ..site.names }, ..site };
        let tallies = [&site, &labelled, &other].map(find);
        assert_eq!(tallies, [1, 2, 3]);
        assert_eq!([&site, &labelled, &other].map(find), tallies, "the second time the same");
    }

    #[test]
    fn a_new_recording_starts_from_the_first_tally() {
        let (places, log) = (Places::new(), log());
        let (one, two) = (call("one", None), call("two", None));
        assert_eq!(places.find(1, &one, &log, |_| [0; 3]).tally.get(), 1);
        places.find(1, &one, &log, |_| [0; 3]).depths.learn(0, 1, 1, 100);
        places.forget();
        assert_eq!(places.find(2, &two, &log, |_| [0; 3]).tally.get(), 1);
        let again = places.find(2, &one, &log, |_| [0; 3]);
        assert_eq!(again.tally.get(), 2);
        assert!(!again.depths.is_fine(0, 100), "what was learnt is forgotten");
    }

    #[test]
    fn what_finds_no_place_is_counted_together() {
        let (places, log) = (Places::new(), log());
        let site = call("sum", None);
        for label in 0..2 * TALLIES {
            let label = label.to_string();
            places.find(1, &Call { label: Some(&label), ..site }, &log, |_| [0; 3]);
        }
        let late = Call { label: Some("late"), ..site };
        assert_eq!(places.find(1, &late, &log, |_| [0; 3]).tally.get(), OTHERS);
    }
}
