//! Workers were off the CPU of their own will while they had a task.

use super::fact::{Advice, Evidence, Found, Unit};
use super::picture::{View, index_of, overlap};
use super::text::{nanos, percent, thousands};
use super::{Ask, LEAST_LOSS, Lint, RestsOn};
use crate::analysis::Component;
use crate::model::{Event, Lane, Nanos, OffCpu};
use crate::timeline::{Row, State};

pub(super) const LINT: Lint = Lint {
    id: "lock-contention",
    looks_for: "5 % or more of the core-time off the CPU in tasks, of the workers' own will: more \
                than the serial program is, where that is known",
    wrong_if: "tasks wait for input, output, timers or page faults rather than for locks",
    rests_on: RestsOn::Times,
    ask: Ask::Pool(ask),
};

fn ask(view: &View) -> Option<Found> {
    let excess = view.loss(view.whole.time(Component::BlockedExcess));
    let origin_known = excess.is_some();
    let loss = excess.or_else(|| view.loss(view.whole.time(Component::Blocked)))?;
    let blocks = blocks(view);
    let &(row, longest) = blocks.iter().max_by_key(|(_, off)| off.span.duration())?;
    let count = blocks.len() as u64;
    let mean = loss.time.0 as f64 / count as f64;
    let site = site_of(view, row, &longest);
    let place = Evidence {
        worker: index_of(row.lane()),
        lane: Some(row.lane().id),
        ..Evidence::new("the longest", Unit::Nanos.of(longest.span.duration().0 as f64))
    };
    let (next, advice) = next(view, count, mean, origin_known);
    Some(Found {
        loss: Some(loss),
        measured: Unit::Share.of(loss.share),
        threshold: Unit::Share.of(LEAST_LOSS),
        evidence: vec![
            place.at(site).during(longest.span),
            Evidence::new("times off the CPU in a task", Unit::Calls.of(count as f64)),
        ],
        what: match origin_known {
            true => format!(
                "tasks were off the CPU for {} of the core-time more than in the serial program, \
                 {} times: they waited for each other",
                percent(loss.share),
                thousands(count)
            ),
            false => format!(
                "tasks were off the CPU of their own will for {} of the core-time, {} times; \
                 whether they waited for each other or for something else is not known without a \
                 serial baseline",
                percent(loss.share),
                thousands(count)
            ),
        },
        next,
        advice,
        predicted: None,
    })
}

/// Each time that a worker left the CPU of its own will in a task that did not wait.
fn blocks<'a>(view: &View<'a>) -> Vec<(&'a Row<'a>, OffCpu)> {
    let window = view.picture.window.span;
    let mut blocks = Vec::new();
    for row in view.rows() {
        let mut stretches =
            row.stretches().iter().filter(|stretch| stretch.state == State::Busy).peekable();
        for off in row.lane().watched.off_cpu.iter().filter(|off| !off.preempted) {
            while stretches.next_if(|stretch| stretch.span.end <= off.span.start).is_some() {}
            let busy = stretches.peek();
            let busy = busy.is_some_and(|stretch| overlap(stretch.span, off.span) > Nanos::ZERO);
            if busy && overlap(off.span, window) > Nanos::ZERO {
                blocks.push((row, *off));
            }
        }
    }
    blocks
}

/// Of the task, or of the parallel iterator whose leaf it was in.
fn site_of(view: &View, row: &Row, off: &OffCpu) -> Option<String> {
    let events = &row.lane().events;
    let at = row.stretches().partition_point(|stretch| stretch.span.end <= off.span.start);
    let event = &events[row.stretches().get(at)?.event()?];
    let operation = event.part_of();
    let of_site =
        view.sites.iter().find(|site| site.kept.iter().any(|kept| Some(kept.id) == operation));
    match of_site {
        Some(site) => site.name(),
        None => view.picture.site(event.site()).or_else(|| around(view, row.lane(), off)),
    }
}

fn around(view: &View, lane: &Lane, off: &OffCpu) -> Option<String> {
    let is_around =
        |event: &&Event| matches!(event, Event::Task(task) if task.span.contains(off.span));
    let task = lane.events.iter().rfind(is_around)?;
    view.picture.site(task.site())
}

/// One lock for as many items as it takes for waiting to be below 5 % of the time.
fn next(view: &View, count: u64, mean: f64, origin_known: bool) -> (String, Option<Advice>) {
    if !origin_known {
        let text = format!(
            "run it with a serial baseline to see what is the program's own; {} times {} is what \
             there is to explain",
            thousands(count),
            nanos(mean)
        );
        return (text, None);
    }
    let work = view.work().0 as f64 / count as f64;
    let tasks = (mean * (1.0 - LEAST_LOSS) / LEAST_LOSS / work.max(1.0)).ceil().max(2.0) as u64;
    let text = format!(
        "let each worker gather its own results, with `fold`, and merge them at the end; or take \
         the lock once for what {} waits are for now",
        thousands(tasks)
    );
    (text, Some(Advice::Batch { tasks }))
}
