//! Arrows from who woke a worker to where that runs again.
//!
//! It leaves from a mark on the waker's lane at that instant, and arrives at what begins where the sleep
//! ends. Whatever the lane shows then: a latch is set after its task has ended, so that such a mark stands
//! between slices.

use super::arrows::{Arrow, Kind, Place, Placed};
use super::idle::{Laid, woken_until};
use crate::model::{Idle, Lane, LaneId, Sleep, Trace};

/// A wake whose waker's lane is still to be found.
#[derive(Clone, Copy)]
struct Woken {
    by: LaneId,
    to: Place,
    arrow: Arrow,
}

/// Those of all wakes at whose ends something is drawn.
pub(super) fn of(trace: &Trace) -> Vec<Placed> {
    let lanes = (0..).zip(&trace.lanes);
    let mut woken: Vec<Woken> = lanes.flat_map(|(number, lane)| woken(number, lane)).collect();
    woken.sort_unstable_by_key(|woken| (woken.by, woken.arrow.from, woken.to));
    let by_waker = woken.chunk_by(|one, next| one.by == next.by);
    by_waker.flat_map(|of| leaving(trace, of)).collect()
}

/// The wakes of a lane's worker.
fn woken(number: u32, lane: &Lane) -> Vec<Woken> {
    if !lane.idling.stretches.iter().any(is_woken) {
        return Vec::new();
    }
    let mut before: Option<Laid<'_>> = None;
    let drawn = (0..=u32::MAX).zip(Laid::on(lane));
    let woken = drawn.filter_map(|(at, laid)| {
        let (wake, to) = woken_until(&before.replace(laid)?)?;
        // Viewers cannot draw an arrow backwards.
        let there = laid.shown.start == to && wake.at <= to;
        let arrow = Arrow { from: wake.at, to, kind: Kind::Wake };
        there.then_some(Woken { by: wake.by, to: (number, at), arrow })
    });
    woken.collect()
}

fn is_woken(idle: &Idle) -> bool {
    matches!(idle, Idle::Sleep(Sleep { wake: Some(_), open: false, .. }))
}

/// Wakes by the same lane, in order of time, if the trace has that.
fn leaving(trace: &Trace, woken: &[Woken]) -> Vec<Placed> {
    let by = |(_, lane): &(u32, &Lane)| woken.first().is_some_and(|woken| woken.by == lane.id);
    let Some((number, _)) = (0..).zip(&trace.lanes).find(by) else { return Vec::new() };
    let marks = (0..=u32::MAX).zip(woken);
    marks
        .map(|(at, woken)| Placed { from: (number, at), to: woken.to, arrow: woken.arrow })
        .collect()
}
