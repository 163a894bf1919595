//! What workers did without a job: their counts, and the sleep in which a recording ends.

use crate::model::{
    Detail, Idle, IdleCounts, Idling, Measured, Nanos, Search, SearchEnd, Sleep, Span,
};
use crate::record::event::{self, Raw};
use crate::record::{self, Figures, PoolEntry};

/// Why nothing is known of it where only rayon's public API was seen.
const FROM_OUTSIDE: &str = "public API shows no search for work and no sleep; programs built by `rayprism cargo` record them";

/// What a thread did without a job.
pub(super) fn of(
    figures: Option<&Figures>,
    pools: &[PoolEntry],
    detail: Detail,
    stretches: Vec<Idle>,
) -> Idling {
    let counts = match (detail, figures) {
        _ if !pools.iter().any(|pool| pool.idling_seen) => Err(FROM_OUTSIDE),
        (Detail::Off, _) => Err("nothing is recorded at detail `off`"),
        (_, None) => Ok(IdleCounts::default()),
        (_, Some(figures)) => Ok(counts(&figures.counts)),
    };
    match counts {
        Ok(counts) => Idling { counts: Measured::Is(counts), stretches },
        Err(reason) => Idling { counts: Measured::Not(reason.to_owned()), stretches },
    }
}

fn counts(counts: &record::Counts) -> IdleCounts {
    let record::Counts { searches, failed_rounds, yields, sleeps, wakes, .. } = *counts;
    IdleCounts { searches, failed_rounds, yields, sleeps, wakes }
}

/// Whether a worker falling asleep is the last that its records tell: nothing is written before it
/// wakes up.
pub(super) fn ends_asleep(figures: &Figures) -> bool {
    let is_sum = |event: &&Raw| matches!(event, Raw::Collapsed(_));
    let Some(Raw::Search(search)) = figures.events.iter().rev().find(|event| !is_sum(event)) else {
        return false;
    };
    // What is pending is taken for the last record, and lies before.
    let mut sums = figures.events.iter().rev().take_while(is_sum);
    search.how() == Some(event::SearchEnd::Asleep)
        && sums.all(|sum| matches!(sum, Raw::Collapsed(sum) if sum.end <= search.start))
}

/// The sleep that begins where a search ended, and is not over at `end`.
pub(super) fn open_sleep(last: Option<&Idle>, end: Nanos) -> Option<Idle> {
    let Some(&Idle::Search(Search { span, end: SearchEnd::Asleep, .. })) = last else {
        return None;
    };
    let span = Span { start: span.end, end: end.max(span.end) };
    Some(Idle::Sleep(Sleep { span, wake: None, open: true }))
}
