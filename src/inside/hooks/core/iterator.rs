//! Parallel iterators, as far as they are one for rayon and rayon-core: where the program called
//! them, what they go over, and how they are opened. The parts are seen by a consumer in rayon.

use std::any::type_name;
use std::cell::Cell;
use std::panic::Location;

use super::chain;
use super::current::{self, lane, who};
use super::job;
use super::record::{Call, Meaning, Names, OpenIterator, Seen};

thread_local! {
    /// Where the program called the method that is about to drive an iterator.
    static SITE: Cell<Option<&'static Location<'static>>> = const { Cell::new(None) };
    /// The type of the iterator that is about to be driven.
    static SOURCE: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// The method that was called, until it returns.
pub struct CalledAt(bool);

/// The program calls a method that drives an iterator. Of methods that call others, the outermost
/// is the program's.
#[inline]
pub fn called_at(site: &'static Location<'static>) -> CalledAt {
    CalledAt(SITE.with(|cell| {
        let is_outermost = cell.get().is_none();
        if is_outermost {
            cell.set(Some(site));
        }
        is_outermost
    }))
}

impl Drop for CalledAt {
    #[inline]
    fn drop(&mut self) {
        if self.0 {
            SITE.with(|cell| cell.set(None));
        }
    }
}

/// An iterator of type `I` is about to be driven.
#[inline]
pub fn goes_over<I>() {
    SOURCE.with(|cell| cell.set(Some(type_name::<I>())));
}

/// Drives an iterator: `drive` gets what its parts share. `P` is its producer, `C` its consumer.
#[inline]
pub fn driven<P, C, R>(
    site: &'static Location<'static>,
    drive: impl FnOnce(&OpenIterator<'_, '_>) -> R,
) -> R {
    let site = SITE.with(Cell::take).unwrap_or(site);
    let source = SOURCE.with(Cell::take).unwrap_or_else(type_name::<P>);
    let names = Names { source, consumer: type_name::<C>(), meaning };
    let call = Call { site, names, label: None };
    current::first_use();
    job::in_task(|| {
        let mut open = lane().open_iterator(who, &call, Seen::Whole);
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
    lane().produce(next)
}
