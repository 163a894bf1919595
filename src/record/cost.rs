//! What recording costs on this machine, measured by doing it: the report takes the profiler's own
//! share from here.

use std::hint::black_box;
use std::panic::Location;

use super::clock::{Anchor, Scale, now};
use super::elision::call_both;
use super::lane::{Lane, Slow};
use super::log::Log;
use super::part::{Done, Half};
use super::places::{Call, Meaning, Names};
use super::recorder::{Detail, Identity, OnFull, Settings};

/// Costs of one event, in picoseconds of the thread that records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// A join that is only counted.
    pub counted_join_ps: u64,
    /// A join that is timed and kept.
    pub timed_join_ps: u64,
    /// A task that is timed and kept.
    pub task_ps: u64,
    /// A split of a parallel iterator that is timed and kept, with its reduction.
    pub timed_split_ps: u64,
    /// A leaf of a parallel iterator that is timed and kept.
    pub timed_leaf_ps: u64,
    /// A leaf of a parallel iterator that is counted only, with the split before it.
    pub counted_leaf_ps: u64,
    /// A join that runs as two plain calls because its half is elided.
    pub elided_join_ps: u64,
}

/// Events of one batch; the best of several batches counts, because interruptions only add.
const BATCH: u32 = 256;
const BATCHES: u32 = 24;

/// Measures; takes about half a millisecond.
pub fn measure() -> Costs {
    let start = Anchor::read();
    let settings = Settings {
        detail: Detail::Full,
        // A ring of a few batches: from the second time round its memory is committed, as that of
        // a recording is for most of its time.
        capacity: (4 * BATCH) as usize,
        on_full: OnFull::Ring,
        gauge: None,
    };
    let lane = Lane::detached(Log::new(super::LaneId(1), &settings), &settings);
    let task = per_event(|| lane.in_full(|| {}));
    let mut timed = 0;
    lane.in_full(|| timed = per_event(|| timed_join(&lane)));
    let [mut split, mut leaf, mut counted_leaf] = [0; 3];
    lane.in_full(|| [split, leaf, counted_leaf] = parts(&lane));
    let mut elided = 0;
    lane.in_full(|| elided = elided_joins(&lane));
    let counted = per_event(|| {
        black_box(black_box(&lane).tick());
    });
    let empty = per_event(|| {
        black_box(&lane);
    });
    #[expect(unsafe_code, reason = "the lane is this function's own")]
    // SAFETY: the tasks and joins above have ended.
    unsafe {
        lane.retire(None);
    }
    let end = Anchor::read();
    // Over so short a time the two anchors give the rate to about a percent, which is enough here.
    let scale = Scale::between(start, end);
    let picoseconds = |ticks: u64| scale.length(ticks * 1_000).0 / u64::from(BATCH);
    Costs {
        counted_join_ps: picoseconds(counted.saturating_sub(empty)),
        timed_join_ps: picoseconds(timed),
        task_ps: picoseconds(task),
        timed_split_ps: picoseconds(split),
        timed_leaf_ps: picoseconds(leaf),
        counted_leaf_ps: picoseconds(counted_leaf),
        elided_join_ps: picoseconds(elided.saturating_sub(empty)),
    }
}

/// Ticks of a batch.
fn per_event(mut event: impl FnMut()) -> u64 {
    let batch = || {
        let start = now();
        (0..BATCH).for_each(|_| event());
        now().0.saturating_sub(start.0)
    };
    std::iter::repeat_with(batch).take(BATCHES as usize).min().expect("some batches")
}

fn timed_join(lane: &Lane) {
    if lane.tick() {
        if let Slow::Timed(timed) = lane.slow_join() {
            let mut open = timed.open(Location::caller());
            black_box(open.halves()).first_ended(lane);
            open.close();
        }
    }
}

fn elided_joins(lane: &Lane) -> u64 {
    let all = u64::from(BATCH * BATCHES);
    lane.in_elided_half(all, || {
        per_event(|| {
            let lane = black_box(lane);
            if lane.tick() {
                black_box(slow_join(lane, || (), || ()));
            }
        })
    })
}

/// Out of line, as a front end's slow path is.
#[inline(never)]
fn slow_join(lane: &Lane, a: impl FnOnce(), b: impl FnOnce()) -> bool {
    match lane.slow_join() {
        Slow::Elided => {
            call_both(a, b);
            true
        }
        Slow::NoTask | Slow::Counted(_) | Slow::Timed(_) => false,
    }
}

/// Ticks of a batch of splits with their reductions, of leaves, and of leaves that are counted only,
/// with the split and the reduction that come with each.
fn parts(lane: &Lane) -> [u64; 3] {
    let meaning = |_: &str, _: &str| Meaning::default();
    let names = Names { source: "", consumer: "", meaning };
    let call = Call { site: Location::caller(), names, label: None };
    let mut open = lane.open_detached(&call);
    let (run, root) = (open.run(), open.root());
    let leaf = |half: Half| run.leaf(lane, nobody, black_box(half)).close(lane, 1);
    let split = |half: Half| {
        let (_, split) = run.split(lane, nobody, black_box(half));
        let done = Done::QUIETLY;
        split.joined(lane, done, done).close()
    };
    let costs = [
        per_event(|| {
            black_box(split(root));
        }),
        per_event(|| {
            black_box(leaf(root));
        }),
        per_event(|| {
            black_box((split(root.untimed()), leaf(root.untimed())));
        }),
    ];
    open.close();
    costs
}

/// Parts that run in their place ask for nobody.
fn nobody() -> Identity {
    Identity { seat: None, name: None, thread: None, cpu: None }
}
