//! What the workers of a generated trace did without a job: stretches one after the other, which may
//! cross any event, so that what is drawn has to be cut.

use rayprism::model::{
    Idle, IdleCounts, Idling, LaneId, Nanos, Search, SearchEnd, Sleep, Span, Wake, WakeReason,
};

use super::Choices;

pub(crate) fn idling(origin: u64, choices: &mut Choices<'_>) -> Idling {
    let counts = choices.measured(|choices| IdleCounts {
        searches: choices.count(),
        failed_rounds: choices.count(),
        yields: choices.count(),
        sleeps: choices.count(),
        wakes: choices.count(),
    });
    let number = if choices.is_empty() { 0 } else { choices.below(12) };
    let mut at = origin;
    let stretches = (0..number).map(|_| {
        // Some begin where the one before ended, some have no length.
        let start = at + choices.below(900);
        at = start + choices.below(900);
        stretch(Span { start: Nanos(start), end: Nanos(at) }, choices)
    });
    Idling { counts, stretches: stretches.collect() }
}

fn stretch(span: Span, choices: &mut Choices<'_>) -> Idle {
    if choices.chance(2) {
        let wake = choices.maybe(|choices| Wake {
            at: span.start + Nanos(choices.below(span.duration().0 + 1)),
            by: LaneId(choices.between(1, 9) as u32),
            reason: *choices.of(&[WakeReason::Latch, WakeReason::Jobs]),
        });
        return Idle::Sleep(Sleep { span, wake, open: choices.chance(2) });
    }
    Idle::Search(Search {
        span,
        rounds: choices.count(),
        yields: choices.count(),
        end: *choices.of(&[SearchEnd::Found, SearchEnd::Latch, SearchEnd::Asleep]),
    })
}
