//! Parallel iterators, as far as they are one for rayon and rayon-core: where the program called
//! them, what they go over, and how they are opened. Their parts are seen in rayon.

use std::any::type_name;
use std::panic::Location;

use super::chain;
use super::current::{self, lane, who};
use super::job;
use super::record::{self, Call, Carried, Counted, CountedAt, Meaning, Names, OpenIterator, Seen};
use super::site::{self, CalledAt};

/// Whether nothing is recorded. Whatever follows is rayon's own code then.
#[inline]
fn is_off() -> bool {
    current::first_use();
    !record::is_recording()
}

/// The program calls a method that drives an iterator or sorts; until what this returns is dropped.
#[inline]
pub fn called_at(site: &'static Location<'static>) -> CalledAt {
    if is_off() {
        return CalledAt::NOWHERE;
    }
    CalledAt::outermost(site)
}

/// Functions of the program's are called, until what this returns is dropped.
#[inline]
pub fn in_program() -> CalledAt {
    CalledAt::within(None)
}

/// An iterator of the type `source` is about to be driven into a consumer `C`: what is recorded
/// then, if anything is.
#[inline]
#[track_caller]
pub fn called<C>(source: fn() -> &'static str) -> Option<Call<'static>> {
    if is_off() {
        return None;
    }
    let site = site::take().unwrap_or(Location::caller());
    let names = Names { source: source(), consumer: type_name::<C>(), meaning };
    Some(Call { site, names, label: None })
}

/// Where it is counted, if that is all that is to be done about it.
#[inline]
pub fn counts(call: &Call<'_>) -> Option<CountedAt<'static>> {
    lane().counts_iterator(call)
}

/// What this thread counts of it there.
#[inline(always)]
pub fn counted<'c>(call: &'c Call<'c>, at: CountedAt<'static>) -> Counted<'static, 'c> {
    Counted::new(lane(), call, Some(at))
}

/// Runs a half of one that is counted, which came to this thread as a job.
pub fn run_carried<'c, R>(carried: &Carried<'c>, half: impl FnOnce(&Counted<'_, 'c>) -> R) -> R {
    let _called = in_program();
    carried.run(lane(), who, half)
}

/// Drives one that is recorded whole: `drive` gets what its parts share.
pub fn driven<R>(call: &Call<'_>, drive: impl FnOnce(&OpenIterator<'_, '_>) -> R) -> R {
    job::in_task(|| {
        let mut open = lane().open_iterator(who, call, Seen::Whole);
        let result = drive(&open);
        open.close();
        result
    })
}

/// The source whose items all leaves share.
const BRIDGE: &str = "rayon::iter::par_bridge::IterBridge<";

fn meaning(source: &str, consumer: &str) -> Meaning {
    Meaning {
        // A source that is driven by its producer alone is called after that.
        words: chain::describe(&source.replace("Producer", ""), consumer),
        opaque: false,
        bridged: source.contains(BRIDGE),
    }
}

/// Runs the `next` of an iterator that all leaves of a parallel one share.
#[inline]
pub fn produce<R>(next: impl FnOnce() -> R) -> R {
    if is_off() {
        return next();
    }
    lane().produce(next)
}
