//! Tasks are too small for what it takes to manage them.

use std::collections::BTreeMap;

use super::fact::{Advice, Evidence, Found, Prediction, Unit};
use super::grain::{Grain, SHARE};
use super::picture::{Site, View};
use super::tasks::{Kind, Managed};
use super::text::{at, nanos, percent, range, thousands};
use super::{Ask, Lint, RestsOn};
use crate::analysis::{Component, CoreTime, WorkSpan};
use crate::model::{Nanos, SiteId};

pub(super) const LINT: Lint = Lint {
    id: "task-too-small",
    looks_for: "5 % or more of the core-time in managing tasks: more than 5 % of what tasks take is \
                then not their work",
    wrong_if: "rayon's calls cost less here than where they were calibrated; the recursion is so \
               lopsided that depths say little; or the parallel iterator is not indexed and has no \
               `with_min_len`",
    rests_on: RestsOn::Times,
    ask: Ask::Pool(ask),
};

fn ask(view: &View) -> Option<Found> {
    let managed = Managed::of(view)?;
    let loss = view.loss(managed.time)?;
    let share = managed.cost / (managed.cost + managed.work);
    // Where work is far more than task management, tasks are large; there are just no others.
    (share > SHARE).then_some(())?;
    let grain = Grain { workers: view.workers(), cost: managed.cost };
    let try_next = match managed.kind {
        Kind::Split => of_iterator(view, grain),
        Kind::Join => of_joins(view, grain, managed),
        Kind::Spawn => Some(of_spawns(grain, managed)),
    };
    let Next { advice, text, site, predicted } = try_next?;
    let unit = match managed.kind {
        Kind::Join => "join",
        Kind::Split => "split of a parallel iterator",
        Kind::Spawn => "spawned task",
    };
    let each = |what: &str, value: f64| Evidence::new(what, Unit::Nanos.of(value)).at(site.clone());
    Some(Found {
        loss: Some(loss),
        measured: Unit::Share.of(share),
        threshold: Unit::Share.of(SHARE),
        evidence: vec![
            each("managing one", managed.cost),
            each("work of one", managed.work),
            Evidence::new("of these", Unit::Tasks.of(managed.count as f64)).at(site.clone()),
        ],
        what: format!(
            "managing tasks took {} of what they took: {} for each {unit}{} against {} of work",
            percent(share),
            nanos(managed.cost),
            at(site.as_deref()),
            nanos(managed.work),
        ),
        next: text,
        advice: Some(advice),
        predicted,
    })
}

struct Next {
    advice: Advice,
    text: String,
    site: Option<String>,
    predicted: Option<Prediction>,
}

/// Of the site with the most splits.
fn of_iterator(view: &View, grain: Grain) -> Option<Next> {
    let site = view.sites.iter().max_by_key(|site| site.splits)?;
    let per_item = site.time_per_item().or_else(|| work_per_item(view, site))?;
    let name = site.name();
    let items = site.items_per_call()?;
    let range_of = grain.items(per_item, items);
    Some(match range_of {
        Some((from, to)) => {
            let at = middle(from, to);
            let predicted = predict(view, grain, at, leaves_with(view, site, items, at));
            Next {
                advice: Advice::MinLen { from, to },
                text: format!(
                    "{}: `with_min_len({at})`; anything from {} items on is as good",
                    place(name.as_deref()),
                    range(from, to)
                ) + &said(predicted),
                site: name,
                predicted,
            }
        }
        None => serially(name, grain),
    })
}

/// A number as many times as large as the least as the largest is as large as it; a power of two,
/// where one lies between them.
fn middle(from: u64, to: u64) -> u64 {
    let middle = (from as f64 * to as f64).sqrt() as u64;
    let power = 1 << middle.max(1).ilog2();
    if power >= from { power } else { middle.clamp(from, to) }
}

/// Leaves of all parallel iterators if one site has `with_min_len(length)`: rayon halves what has twice
/// as many items, and nothing else. It need not: where nobody steals, leaves are fewer.
fn leaves_with(view: &View, site: &Site, items_per_call: f64, length: u64) -> f64 {
    let others: u64 = view.sites.iter().map(|site| site.leaves).sum();
    let others = others.saturating_sub(site.leaves) as f64;
    let halvings = (items_per_call / length as f64).log2().floor().max(0.0);
    others + site.calls as f64 * halvings.exp2()
}

/// Where no leaf was kept: as if all work were this site's, which it mostly is.
fn work_per_item(view: &View, site: &Site) -> Option<f64> {
    (site.items > 0).then(|| view.work().0 as f64 / site.items as f64)
}

fn place(name: Option<&str>) -> String {
    name.map_or_else(
        || "at the parallel iterator".to_owned(),
        |name| crate::model::short_location(name).to_owned(),
    )
}

fn serially(site: Option<String>, grain: Grain) -> Next {
    Next {
        advice: Advice::Serially,
        text: format!(
            "{}: run this call serially; tasks of {}, large enough to be worth managing, would be \
             fewer than {}",
            place(site.as_deref()),
            grain.least(),
            grain.fewest_tasks()
        ),
        site,
        predicted: None,
    }
}

fn of_spawns(grain: Grain, managed: Managed) -> Next {
    let tasks = (grain.least_task() / managed.work).ceil().max(2.0) as u64;
    Next {
        advice: Advice::Batch { tasks },
        text: format!(
            "spawn one task for what {} do now, so that each works for {} or more",
            thousands(tasks),
            grain.least()
        ),
        site: None,
        predicted: None,
    }
}

fn of_joins(view: &View, grain: Grain, managed: Managed) -> Option<Next> {
    let Some(tree) = Tree::of(view, managed.count) else {
        let least = grain.least();
        return Some(Next {
            advice: Advice::TaskTime { least },
            text: format!("join only where each half works for {least} or more"),
            site: None,
            predicted: None,
        });
    };
    let site = view.picture.site(tree.site);
    let work = view.work().0 as f64 / tree.calls as f64;
    Some(match grain.depths(work, &tree.tasks) {
        Some((from, to)) => {
            let at = from.midpoint(to);
            let tasks = tree.tasks.get(at as usize).map(|tasks| tasks * tree.calls as f64);
            let predicted = tasks.and_then(|tasks| predict(view, grain, u64::from(at), tasks));
            Next {
                advice: Advice::CutOff { from, to },
                text: format!(
                    "{}: cut off at depth {}, and call plain functions below",
                    place(site.as_deref()),
                    range(u64::from(from), u64::from(to))
                ) + &said(predicted),
                site,
                predicted,
            }
        }
        None => serially(site, grain),
    })
}

/// No prediction is made where more than this part of the core-time is lost for want of parallelism.
const MOST_ALONE: f64 = 0.1;

/// How long the window would be with so many tasks, and plain code in them; that is what the advice
/// makes of it if its number is `at`.
fn predict(view: &View, grain: Grain, at: u64, tasks: f64) -> Option<Prediction> {
    let whole = view.whole;
    // Plain code is the serial elision, where its time is known; beside others it may take
    // longer, as work does here.
    let (least, most) = match whole.part(Component::Useful) {
        Some(useful) => {
            let slower = whole.time(Component::Inflation).max(CoreTime::ZERO);
            (useful.low, useful.high + slower)
        }
        None => (view.work(), view.work()),
    };
    let others = view.time(&[Component::Reduce, Component::Blocked, Component::BlockedOwn]);
    let [least, most] =
        [least, most].map(|work| (work + others).0.max(0) as f64 + tasks * grain.cost);
    // Where little can run at a time for other reasons, those remain.
    let alone = view.time(&[Component::Serial, Component::Starved, Component::Producer]);
    if alone.cores(whole.core_time)? > MOST_ALONE {
        return None;
    }
    // Who has no CPU has none for larger tasks either, and what the caller does alone does not get
    // shorter.
    let free = (1.0 - whole.share(Component::Preempted)?).max(0.01);
    let alone = whole.callers.0.max(0) as f64;
    let workers = grain.workers as f64;
    let each = |work: f64| alone.min(work) + (work - alone).max(0.0) / workers / free;
    let burden = WorkSpan::of(view.picture.timeline, view.picture.window, view.pool);
    let burden = burden.value().and_then(|found| Some(found.burden.value()?.total()));
    let moved = burden.map_or(0.0, |burden| burden.0 as f64);
    let tail = (1.0 - 1.0 / workers) * (most / tasks + moved);
    let wall = |nanos: f64| Nanos(nanos.round() as u64);
    let (from, to) = (wall(each(least)), wall(each(most) + tail));
    Some(Prediction { at, from, to })
}

fn said(predicted: Option<Prediction>) -> String {
    predicted.map_or_else(String::new, |Prediction { at, from, to }| {
        format!("; predicted at {at}: {from} to {to}")
    })
}

/// How a recursion grows, by depth.
struct Tree {
    /// Its calls from the outside.
    calls: u64,
    /// Tasks of one call if it is cut off at a depth, which is the index.
    tasks: Vec<f64>,
    site: Option<SiteId>,
}

/// No recursion that halves its work is deeper and has tasks worth counting.
const DEEPEST: usize = 64;

impl Tree {
    /// From the joins that were timed; where there are no more, each makes two as long as all joins
    /// allow.
    fn of(view: &View, joins: u64) -> Option<Self> {
        let mut by_depth: BTreeMap<u32, u64> = BTreeMap::new();
        let mut by_site: BTreeMap<Option<SiteId>, u64> = BTreeMap::new();
        for join in view.joins() {
            *by_depth.entry(join.depth).or_insert(0) += 1;
            *by_site.entry(join.site).or_insert(0) += 1;
        }
        let calls = *by_depth.get(&0)?;
        let site = by_site.into_iter().max_by_key(|(_, count)| *count)?.0;
        let most = joins as f64 / calls as f64 + 1.0;
        let mut tasks = vec![1.0];
        let (mut before, mut known) = (0, true);
        for depth in 0..DEEPEST {
            let timed = by_depth.get(&(depth as u32)).copied().filter(|_| known);
            // Of a level with fewer joins than the one above, some were rather not timed.
            let timed = timed.filter(|&timed| timed >= before);
            known = timed.is_some();
            let next = match timed {
                Some(timed) => 2.0 * timed as f64 / calls as f64,
                None => 2.0 * tasks[depth],
            };
            before = timed.map_or(before, |timed| timed);
            if next > most || next <= tasks[depth] {
                break;
            }
            tasks.push(next);
        }
        Some(Self { calls, tasks, site })
    }
}
