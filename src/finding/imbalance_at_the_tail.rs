//! The last piece of a call runs on when nothing else is left.

use super::fact::{Advice, Evidence, Found, Unit};
use super::picture::{View, index_of, overlap};
use super::text::at;
use super::{Ask, LEAST_LOSS, Lint, RestsOn};
use crate::analysis::{Component, CoreTime};
use crate::model::{Lane, Leaf, Nanos, Operation, OperationKind, Span};
use crate::timeline::State;

pub(super) const LINT: Lint = Lint {
    id: "imbalance-at-the-tail",
    looks_for: "5 % or more of the core-time without anything to run, after the last leaf or task \
                of a call began",
    wrong_if: "the last piece was not longer than the others, but was held up by other programs",
    rests_on: RestsOn::AllTasks,
    ask: Ask::Pool(ask),
};

const NOTHING_TO_RUN: &[Component] = &[Component::Starved, Component::Serial];

fn ask(view: &View) -> Option<Found> {
    let tails = tails(view);
    let spans = tails.iter().map(|tail| tail.span).collect();
    let loss = view.loss(view.within(spans, NOTHING_TO_RUN))?;
    let longest = tails.iter().max_by_key(|tail| tail.span.duration())?;
    let (lane, piece) = last_piece(view, longest)?;
    let worker = index_of(lane)?;
    let alone = alone(view, longest.span);
    let name = longest.name.clone();
    let (next, advice) = next(longest.call, piece);
    let place = Evidence {
        worker: Some(worker),
        lane: Some(lane.id),
        ..Evidence::new("the last piece", Unit::Nanos.of(piece.span.duration().0 as f64))
    };
    Some(Found {
        loss: Some(loss),
        measured: Unit::Share.of(loss.share),
        threshold: Unit::Share.of(LEAST_LOSS),
        evidence: vec![
            place.at(name.clone()).during(piece.span),
            Evidence::new("ran alone", Unit::Nanos.of(alone.0 as f64))
                .at(name.clone())
                .during(longest.span),
            Evidence::new("calls with a tail", Unit::Calls.of(tails.len() as f64)),
        ],
        what: format!(
            "the last piece{}, on worker {}, took {} and ran alone for {alone}: {:.2} cores waited \
             for such tails",
            at(name.as_deref()),
            worker,
            piece.span.duration(),
            loss.cores
        ),
        next,
        advice,
        predicted: None,
    })
}

/// What followed in a call after its last piece began.
struct Tail<'a> {
    call: &'a Operation,
    name: Option<String>,
    span: Span,
    /// Of a parallel iterator: its leaves.
    leaves: Vec<(&'a Lane, &'a Leaf)>,
}

/// A leaf, or a task of a call that is no parallel iterator.
#[derive(Clone, Copy)]
struct Piece {
    span: Span,
    /// Of a leaf.
    items: Option<u64>,
}

fn tails<'a>(view: &View<'a>) -> Vec<Tail<'a>> {
    let iterators = view.sites.iter().flat_map(|site| {
        site.kept.iter().filter_map(|&call| {
            let leaves = site.kept_leaves.iter().copied();
            let leaves: Vec<_> = leaves.filter(|(_, leaf)| leaf.operation == call.id).collect();
            let spans = leaves.iter().map(|(_, leaf)| leaf.span);
            let span = tail(spans)?;
            Some(Tail { call, name: site.name(), span, leaves })
        })
    });
    let mut tails: Vec<Tail> = iterators.collect();
    let calls: Vec<&Operation> =
        view.picture.calls_from_outside().map(|(_, operation)| operation).collect();
    for call in calls.into_iter().filter(|call| call.kind != OperationKind::Iterator) {
        if tails.iter().any(|tail| call.span.contains(tail.span)) {
            continue;
        }
        let within = view.tasks().map(|(_, task)| task.span);
        let Some(span) = tail(within.filter(|span| call.span.contains(*span))) else { continue };
        let name = view.picture.site(call.site);
        tails.push(Tail { call, name, span, leaves: Vec::new() });
    }
    tails
}

/// From the last start to the last end; `None` of a single piece, which is no tail but all there is.
fn tail(spans: impl Iterator<Item = Span>) -> Option<Span> {
    let spans: Vec<Span> = spans.collect();
    let start = spans.iter().map(|span| span.start).max()?;
    let end = spans.iter().map(|span| span.end).max()?;
    (spans.len() > 1 && start < end).then_some(Span { start, end })
}

/// What ran longest in a tail, and where.
fn last_piece<'a>(view: &View<'a>, tail: &Tail<'a>) -> Option<(&'a Lane, Piece)> {
    let leaves = tail
        .leaves
        .iter()
        .map(|&(lane, leaf)| (lane, Piece { span: leaf.span, items: Some(leaf.items) }));
    let within = |(_, piece): &(&Lane, Piece)| overlap(piece.span, tail.span);
    if let Some(leaf) = leaves.max_by_key(within) {
        return Some(leaf);
    }
    let busy = |lane: &Lane| busy_within(view, lane, tail.span);
    let tasks = view.tasks().filter(|(_, task)| overlap(task.span, tail.span) > Nanos::ZERO);
    let (lane, task) = tasks.max_by_key(|(lane, task)| (busy(lane), task.span.start))?;
    Some((lane, Piece { span: task.span, items: None }))
}

fn busy_within(view: &View, lane: &Lane, span: Span) -> Nanos {
    let rows = view.rows().into_iter().filter(|row| row.lane().id == lane.id);
    let stretches = rows.flat_map(|row| row.stretches());
    let busy = stretches.filter(|stretch| stretch.state == State::Busy);
    busy.map(|stretch| overlap(stretch.span, span)).sum()
}

/// While one works alone, all others are without work.
fn alone(view: &View, tail: Span) -> Nanos {
    let serial: CoreTime = view.within(vec![tail], &[Component::Serial]);
    let others = view.workers().saturating_sub(1).max(1);
    Nanos(serial.0.unsigned_abs() / others)
}

/// Pieces that take at most 5 % of the call leave a tail that is at most as long.
fn next(call: &Operation, piece: Piece) -> (String, Option<Advice>) {
    let (whole, last) = (call.span.duration(), piece.span.duration());
    let most = LEAST_LOSS * whole.0 as f64;
    let parts = (last.0 as f64 / most).ceil().max(2.0) as u64;
    match piece.items {
        Some(items) if items >= parts => {
            let items = items / parts;
            let text = format!(
                "`with_max_len({items})`: pieces of at most {} of this call",
                super::text::percent(LEAST_LOSS)
            );
            (text, Some(Advice::MaxLen { items }))
        }
        Some(_) => {
            let text = format!(
                "parallelize what is within an item, in {parts} parts or more; or sort the items so \
                 that long ones begin first"
            );
            (text, None)
        }
        None => (format!("split the longest task in {parts} parts or more"), None),
    }
}
