//! Chains of parallel iterators, through the facade while it records: each gives what rayon gives,
//! leaves a sound trace, and is counted exactly.

mod recording;

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use proptest::prelude::*;
use rayprism::model::*;
use recording::{
    ThreadPool, alone, assert_whole, iterations, leaves, pool, recorded, reductions, tallied,
};

/// What a chain works on.
#[derive(Clone, Debug)]
struct Input {
    items: Vec<u64>,
    /// As many again.
    others: Vec<u64>,
    rows: Vec<Vec<u64>>,
    map: HashMap<u64, u64>,
    text: String,
    /// Something to skip, take, look for.
    some: usize,
    /// The least length of a leaf; not 0.
    least: usize,
    /// Its greatest, or the length of a chunk; not 0.
    most: usize,
}

impl Input {
    fn new((size, seed): (usize, u64), some: usize, least: usize, most: usize) -> Self {
        let number = |n: usize| (n as u64 + 1).wrapping_mul(seed | 1).rotate_left(23) % 1_000;
        let items: Vec<u64> = (0..size).map(number).collect();
        Self {
            others: items.iter().rev().map(|n| n / 2).collect(),
            rows: items.iter().take(40).map(|&n| (0..n % 50).collect()).collect(),
            map: items.iter().zip(0..).map(|(&n, at)| (at, n)).collect(),
            text: items.iter().map(|n| ["a", "ß", " ", "\n", "漢"][*n as usize % 5]).collect(),
            items,
            some,
            least,
            most,
        }
    }

    fn len(&self) -> u64 {
        self.items.len() as u64
    }
}

/// What rayon lets be seen of a chain.
#[derive(Clone, Copy, Debug)]
enum Sight {
    /// One operation with its splits, leaves and reductions, given so many items.
    Whole(u64),
    /// The same, which may end before it has seen all items.
    Early(u64),
    /// One operation with its splits and leaves.
    Indexed(u64),
    /// One operation, of which some parts may be cut off and thrown away, or never run.
    Cut,
    /// One operation and nothing of it.
    Opaque,
    /// Some operations as in `Whole`, all together given so many items.
    Several(u64, u64),
    /// Operations as in `Whole`, one for each row and one for all rows; or, where an indexed adaptor
    /// stands before, no reductions of that one.
    Rows,
}
use Sight::*;

/// How a chain is run.
#[derive(Clone, Copy, Debug)]
struct Way {
    detail: Detail,
    /// On as many workers, or called from outside the pool.
    workers: Option<usize>,
}

/// A pool that stays, so that whatever one recording leaves on its workers shows in the next.
fn standing(workers: usize) -> &'static ThreadPool {
    static POOLS: [OnceLock<ThreadPool>; 9] = [const { OnceLock::new() }; 9];
    POOLS[workers].get_or_init(|| pool(workers))
}

fn run<R: Send>(way: Way, chain: impl FnOnce() -> R + Send) -> (R, Trace) {
    match way.workers {
        None => recorded(way.detail, chain),
        Some(workers) => {
            let pool = standing(workers);
            recorded(way.detail, || pool.install(chain))
        }
    }
}

fn assert_same<R: PartialEq + Debug + Send>(
    (input, way): (&Input, Way),
    ours: fn(&Input) -> R,
    rayons: fn(&Input) -> R,
    sight: Sight,
) {
    let _alone = alone();
    let expected = rayons(input);
    let (result, trace) = run(way, || ours(input));
    assert_eq!(result, expected);
    assert_whole(&trace);
    assert_counted(&tallied(&trace), sight, input);
    assert_operations_add_up(&trace, sight);
    if way.detail == Detail::Full {
        assert_all_is_kept(&trace, way);
    }
}

/// What all lanes counted is what there was to count.
fn assert_counted(tally: &Tally, sight: Sight, input: &Input) {
    let Tally { operations, splits, leaves, items, reductions, .. } = *tally;
    let rows: usize = input.rows.iter().map(Vec::len).sum();
    let all = match sight {
        Whole(all) | Indexed(all) => Some((1, all)),
        Several(operations, all) => Some((operations, all)),
        Rows => Some((1 + input.rows.len() as u64, (input.rows.len() + rows) as u64)),
        Early(most) => {
            assert!(items <= most, "{tally:?}");
            None
        }
        Cut => None,
        // As of a sort, there is nothing of it but its span.
        Opaque => Some((0, 0)),
    };
    if let Some(all) = all {
        assert_eq!((operations, items), all, "{tally:?}");
    }
    match sight {
        Whole(_) | Early(_) | Several(..) | Rows => {
            assert_eq!((splits, reductions), (leaves - operations, splits), "{tally:?}");
        }
        Indexed(_) => assert_eq!((splits, reductions), (leaves - 1, 0), "{tally:?}"),
        Cut => assert!(operations == 1 && leaves <= splits + 1 && reductions == 0, "{tally:?}"),
        Opaque => assert_eq!((splits, leaves, reductions), (0, 0, 0)),
    }
}

fn assert_operations_add_up(trace: &Trace, sight: Sight) {
    for (operation, iteration) in iterations(trace) {
        assert_eq!(operation.outcome, Outcome::Returned);
        match (sight, iteration.reductions) {
            (Cut, reductions) => assert_eq!(reductions, None),
            (Opaque, _) => panic!("nothing can be known of {operation:?}"),
            (Indexed(_), reductions) => {
                assert_eq!((reductions, iteration.splits), (None, iteration.leaves - 1));
            }
            (_, Some(reductions)) => {
                let splits = iteration.splits;
                assert_eq!((splits, reductions), (iteration.leaves - 1, splits), "{iteration:?}");
            }
            (_, None) => panic!("reductions of {operation:?}"),
        }
    }
}

/// At full detail each operation is kept, and each of its parts.
fn assert_all_is_kept(trace: &Trace, way: Way) {
    let (all, tally) = (iterations(trace), tallied(trace));
    let sum =
        |of: fn(&Iteration) -> u64| all.iter().map(|(_, iteration)| of(iteration)).sum::<u64>();
    assert_eq!(sum(|of| of.items), tally.items);
    assert_eq!(sum(|of| of.leaves), tally.leaves);
    assert_eq!(sum(|of| of.splits), tally.splits);
    assert_eq!(sum(|of| of.reductions.unwrap_or(0)), tally.reductions);
    assert_eq!(sum(|of| of.steals), tally.steals);
    let kept = recording::operations(trace);
    let called = kept.iter().filter(|(_, of)| of.kind == OperationKind::Iterator).count();
    assert_eq!(called as u64, tally.operations);
    assert_eq!(leaves(trace).len() as u64, tally.leaves);
    assert_eq!(leaves(trace).iter().map(|(_, leaf)| leaf.items).sum::<u64>(), tally.items);
    if way.workers.is_some() {
        assert_eq!(reductions(trace).len() as u64, tally.reductions);
    }
}

fn inputs() -> impl Strategy<Value = Input> {
    let size = prop_oneof![Just(0), Just(1), Just(2), 3..50_usize, 50..5_000_usize];
    let (some, least) = (0..60_usize, prop_oneof![Just(1), 1..100_usize, Just(10_000)]);
    let most = prop_oneof![Just(1), 1..100_usize, Just(10_000)];
    ((size, any::<u64>()), some, least, most)
        .prop_map(|(size, some, least, most)| Input::new(size, some, least, most))
}

fn ways() -> impl Strategy<Value = Way> {
    let detail = prop::sample::select(vec![Detail::Count, Detail::Auto, Detail::Full]);
    let workers = prop_oneof![1 => Just(None), 6 => (1..=8_usize).prop_map(Some)];
    (detail, workers).prop_map(|(detail, workers)| Way { detail, workers })
}

/// Chains, written once and compiled twice: against the facade and against rayon.
macro_rules! chains {
    (@against $($rayon:ident)::+: $($name:ident($input:ident) -> $Result:ty $chain:block)+) => {
        #[allow(unused_imports, reason = "each group of chains uses its part")]
        use {
            super::*,
            $($rayon)::+::{iter::{self, Either, ParallelIterator}, prelude::*},
        };
        $(pub(super) fn $name($input: &Input) -> $Result $chain)+
    };
    ($group:ident: $(
        fn $name:ident($input:ident) -> $Result:ty $chain:block sees $sight:expr;
    )+) => {
        mod $group {
            use super::*;

            mod ours {
                chains! { @against rayprism::facade: $($name($input) -> $Result $chain)+ }
            }

            mod rayons {
                chains! { @against rayprism::facade::real: $($name($input) -> $Result $chain)+ }
            }

            $(
                #[test]
                fn $name() {
                    proptest!(config(), |(input in inputs(), way in ways())| {
                        let sight = |$input: &Input| -> Sight { let _ = $input; $sight };
                        assert_same((&input, way), ours::$name, rayons::$name, sight(&input));
                    });
                }
            )+
        }
    };
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() }
}

/// How often each chain is run.
const CASES: u32 = 24;

fn is_odd(n: &u64) -> bool {
    n % 2 == 1
}

/// What a set has in it, in order: what has none may come in any.
fn sorted(mut items: Vec<u64>) -> Vec<u64> {
    items.sort_unstable();
    items
}

// Consumers: splits, leaves and reductions are seen.
chains! {
    consumers:

    fn sum(input) -> u64 { input.items.par_iter().sum() }
    sees Whole(input.len());

    fn map_collect(input) -> Vec<u64> { input.items.par_iter().map(|n| n * 3).collect() }
    sees Whole(input.len());

    fn filter_count(input) -> usize { input.items.par_iter().filter(|n| is_odd(n)).count() }
    sees Whole(input.len());

    fn filter_map_collect(input) -> Vec<u64> {
        input.items.par_iter().filter_map(|&n| is_odd(&n).then_some(n + 1)).collect()
    }
    sees Whole(input.len());

    fn flat_map_iter_collect(input) -> Vec<u64> {
        input.items.par_iter().flat_map_iter(|&n| 0..n % 4).collect()
    }
    sees Whole(input.len());

    fn flatten_iter_min(input) -> Option<u64> {
        input.rows.clone().into_par_iter().flatten_iter().min()
    }
    sees Whole(input.rows.len() as u64);

    fn inspect_cloned_max(input) -> (Option<u64>, u64) {
        let seen = AtomicU64::new(0);
        let most = input.items.par_iter().inspect(|_| { seen.fetch_add(1, Relaxed); }).cloned().max();
        (most, seen.into_inner())
    }
    sees Whole(input.len());

    fn min_by_key(input) -> Option<u64> {
        input.items.par_iter().copied().min_by_key(|n| n ^ 0x2a5)
    }
    sees Whole(input.len());

    fn reduce(input) -> u64 {
        input.items.clone().into_par_iter().reduce(|| 1, u64::wrapping_mul)
    }
    sees Whole(input.len());

    fn reduce_with_texts(input) -> Option<String> {
        input.items.par_iter().map(u64::to_string).reduce_with(|a, b| a + "," + &b)
    }
    sees Whole(input.len());

    fn fold_reduce(input) -> Vec<u64> {
        input.items.par_iter()
            .fold(Vec::new, |mut all, &n| { all.push(n); all })
            .reduce(Vec::new, |mut a, mut b| { a.append(&mut b); a })
    }
    sees Whole(input.len());

    fn fold_with_sum(input) -> u64 {
        input.items.par_iter().fold_with(0, |sum, n| sum + n).sum()
    }
    sees Whole(input.len());

    fn try_fold_try_reduce(input) -> Option<u64> {
        input.items.par_iter()
            .try_fold(|| 0_u64, |sum, n| sum.checked_add(*n))
            .try_reduce(|| 0, u64::checked_add)
    }
    sees Whole(input.len());

    fn map_init_collect(input) -> Vec<u64> {
        input.items.par_iter().map_init(|| 7, |base, n| *base + n).collect()
    }
    sees Whole(input.len());

    fn map_with_for_each(input) -> u64 {
        let sum = AtomicU64::new(0);
        input.items.par_iter().map_with(&sum, |sum, n| (*sum, n))
            .for_each(|(sum, n)| { sum.fetch_add(*n, Relaxed); });
        sum.into_inner()
    }
    sees Whole(input.len());

    fn for_each_with(input) -> u64 {
        let sum = AtomicU64::new(0);
        input.items.par_iter().for_each_with(&sum, |sum, n| { sum.fetch_add(*n, Relaxed); });
        sum.into_inner()
    }
    sees Whole(input.len());

    fn unzip(input) -> (Vec<u64>, Vec<bool>) {
        input.items.par_iter().map(|n| (n + 1, is_odd(n))).unzip()
    }
    sees Whole(input.len());

    fn unzip_of_filtered(input) -> (Vec<u64>, HashSet<u64>) {
        input.items.par_iter().filter(|n| is_odd(n)).map(|n| (n + 1, *n)).unzip()
    }
    sees Whole(input.len());

    fn partition(input) -> (Vec<u64>, Vec<u64>) {
        input.items.par_iter().copied().partition(is_odd)
    }
    sees Whole(input.len());

    fn partition_map(input) -> (Vec<u64>, Vec<bool>) {
        input.items.par_iter().partition_map(|&n| {
            if is_odd(&n) { Either::Left(n) } else { Either::Right(n > 500) }
        })
    }
    sees Whole(input.len());

    fn collect_into_vec(input) -> Vec<u64> {
        let mut all = vec![1, 2, 3];
        input.items.par_iter().map(|n| n / 2).collect_into_vec(&mut all);
        all
    }
    sees Whole(input.len());

    fn unzip_into_vecs(input) -> (Vec<u64>, Vec<u64>) {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        input.items.par_iter().map(|n| (n / 2, n + 2)).unzip_into_vecs(&mut a, &mut b);
        (a, b)
    }
    sees Whole(input.len());

    fn extended(input) -> Vec<u64> {
        let mut all = vec![1, 2, 3];
        all.par_extend(input.items.par_iter().filter(|n| is_odd(n)));
        all
    }
    sees Whole(input.len());

    fn collect_into_a_set(input) -> HashSet<u64> { input.items.par_iter().copied().collect() }
    sees Whole(input.len());

    fn collect_into_a_string(input) -> String {
        input.text.par_chars().map(|c| c.to_ascii_uppercase()).collect()
    }
    sees Whole(input.len());

    fn collect_results(input) -> Result<Vec<u64>, ()> {
        input.items.par_iter().map(|&n| if n == u64::MAX { Err(()) } else { Ok(n) }).collect()
    }
    sees Whole(input.len());

    fn collect_vec_list(input) -> Vec<u64> {
        input.items.par_iter().copied().collect_vec_list().into_iter().flatten().collect()
    }
    sees Whole(input.len());

    fn positions(input) -> Vec<usize> { input.items.par_iter().positions(is_odd).collect() }
    sees Whole(input.len());

    fn intersperse(input) -> Vec<u64> {
        input.items.par_iter().copied().intersperse(9_999).collect()
    }
    sees Whole(input.len());

    fn update(input) -> Vec<u64> {
        input.items.clone().into_par_iter().update(|n| *n += 1).collect()
    }
    sees Whole(input.len());

    fn changed_in_place(input) -> Vec<u64> {
        let mut items = input.items.clone();
        items.par_iter_mut().for_each(|n| *n += 1);
        items
    }
    sees Whole(input.len());

    fn panic_fuse(input) -> u64 { input.items.par_iter().panic_fuse().sum() }
    sees Whole(input.len());
}

// Some end early.
chains! {
    ending_early:

    fn find_first(input) -> Option<u64> {
        input.items.par_iter().copied().find_first(|n| *n as usize % 60 == input.some)
    }
    sees Early(input.len());

    fn find_last(input) -> Option<u64> {
        input.items.par_iter().copied().find_last(|n| *n as usize % 60 == input.some)
    }
    sees Early(input.len());

    fn find_any(input) -> bool {
        input.items.par_iter().find_any(|n| **n as usize % 60 == input.some).is_some()
    }
    sees Early(input.len());

    fn any(input) -> bool { input.items.par_iter().any(|n| *n as usize == input.some) }
    sees Early(input.len());

    fn all(input) -> bool { input.items.par_iter().all(|n| *n as usize != input.some) }
    sees Early(input.len());

    fn take_any_count(input) -> usize { input.items.par_iter().take_any(input.some).count() }
    sees Early(input.len());

    fn skip_any_count(input) -> usize { input.items.par_iter().skip_any(input.some).count() }
    sees Early(input.len());

    fn while_some(input) -> bool {
        input.items.par_iter().map(|n| (*n as usize != input.some).then_some(*n)).while_some().count()
            == input.items.len()
    }
    sees Early(input.len());

    fn try_for_each(input) -> bool {
        input.items.par_iter().try_for_each(|n| (*n as usize != input.some).then_some(())).is_some()
    }
    sees Early(input.len());
}

// Sources.
chains! {
    sources:

    fn of_a_range(input) -> u64 { (0..input.len()).into_par_iter().map(|n| n * n).sum() }
    sees Whole(input.len());

    fn of_a_short_range(input) -> Vec<u32> { (0..input.items.len() as u32).into_par_iter().collect() }
    sees Whole(input.len());

    fn of_an_inclusive_range(input) -> u64 { (1..=input.len()).into_par_iter().sum() }
    sees Whole(input.len());

    fn of_chunks(input) -> Vec<u64> {
        input.items.par_chunks(input.most).map(|chunk| chunk.iter().sum()).collect()
    }
    sees Whole(input.items.len().div_ceil(input.most) as u64);

    fn of_windows(input) -> usize {
        input.items.par_windows(input.most).filter(|window| window[0] > 9).count()
    }
    sees Whole((input.items.len() + 1).saturating_sub(input.most) as u64);

    fn of_changed_chunks(input) -> Vec<u64> {
        let mut items = input.items.clone();
        items.par_chunks_exact_mut(input.most).for_each(<[u64]>::reverse);
        items
    }
    sees Whole((input.items.len() / input.most) as u64);

    fn of_a_slice_split(input) -> Vec<u64> {
        input.items.par_split(|n| n % 7 == 0).map(|part| part.iter().sum()).collect()
    }
    sees Whole(input.items.split(|n| n % 7 == 0).count() as u64);

    fn of_a_map(input) -> u64 { input.map.par_iter().map(|(at, n)| at * n).sum() }
    sees Whole(input.len());

    fn of_a_drained_vec(input) -> (Vec<u64>, Vec<u64>) {
        let mut items = input.items.clone();
        let half = items.len() / 2;
        (items.par_drain(half..).collect(), items)
    }
    sees Whole(input.len() - input.len() / 2);

    fn of_chars(input) -> usize { input.text.par_chars().filter(|c| c.is_alphabetic()).count() }
    sees Whole(input.len());

    fn of_words(input) -> Vec<String> {
        input.text.par_split_whitespace().map(str::to_owned).collect()
    }
    sees Whole(input.text.split_whitespace().count() as u64);

    fn of_lines(input) -> usize { input.text.par_lines().map(str::len).sum() }
    sees Whole(input.text.lines().count() as u64);

    fn of_a_bridge(input) -> Vec<u64> {
        sorted(input.items.iter().copied().par_bridge().map(|n| n + 1).collect())
    }
    sees Whole(input.len());

    fn of_a_bridge_that_ends_early(input) -> bool {
        input.items.iter().par_bridge().any(|n| *n as usize == input.some)
    }
    sees Early(input.len());

    fn of_an_option(input) -> Option<usize> {
        Some(input.some).filter(|some| *some > 0).into_par_iter().max()
    }
    sees Whole(u64::from(input.some > 0));

    fn of_repeats(input) -> u64 { iter::repeat_n(2, input.items.len()).sum() }
    sees Whole(input.len());

    fn of_what_is_split(input) -> u64 {
        iter::split(0..input.len(), |range: std::ops::Range<u64>| {
            let middle = range.start + (range.end - range.start) / 2;
            let is_short = range.end - range.start < 3;
            if is_short { (range, None) } else { (range.start..middle, Some(middle..range.end)) }
        })
        .flat_map_iter(|range| range)
        .sum()
    }
    sees Early(input.len().max(1));

    fn of_a_tree(input) -> u64 {
        iter::walk_tree(input.some as u64, |&n| (n > 0).then_some([n / 2, n / 3]).into_iter().flatten())
            .sum()
    }
    sees Early(u64::MAX);
}

// Nested ones, and several.
chains! {
    several:

    fn flat_map(input) -> Vec<u64> { input.rows.par_iter().flat_map(|row| row.par_iter()).copied().collect() }
    sees Rows;

    fn flatten(input) -> usize { input.rows.par_iter().flatten().count() }
    sees Whole(input.rows.len() as u64);

    fn map_of_sums(input) -> Vec<u64> {
        input.rows.par_iter().map(|row| row.par_iter().sum()).collect()
    }
    sees Rows;

    fn for_each_of_bridges(input) -> u64 {
        let sum = AtomicU64::new(0);
        input.rows.par_iter().for_each(|row| {
            row.iter().par_bridge().for_each(|n| { sum.fetch_add(*n, Relaxed); });
        });
        sum.into_inner()
    }
    sees Rows;

    fn chain(input) -> Vec<u64> {
        input.items.par_iter().chain(input.others.par_iter()).copied().collect()
    }
    sees Several(2, 2 * input.len());

    fn chain_of_filtered(input) -> usize {
        input.items.par_iter().filter(|n| is_odd(n)).chain(&input.others).count()
    }
    sees Whole(input.len());
}

// Producers: reductions are out of sight.
chains! {
    producers:

    fn enumerate(input) -> Vec<(usize, u64)> { input.items.par_iter().copied().enumerate().collect() }
    sees Indexed(input.len());

    fn zip(input) -> u64 { input.items.par_iter().zip(&input.others).map(|(a, b)| a * b).sum() }
    sees Indexed(input.len());

    fn zip_eq_of_two(input) -> Vec<(u64, u64)> {
        input.items.clone().into_par_iter().zip_eq(input.others.clone().into_par_iter()).collect()
    }
    sees Indexed(input.len());

    fn zip_of_a_tuple(input) -> u64 {
        (&input.items, &input.others).into_par_iter().map(|(a, b)| a ^ b).sum()
    }
    sees Whole(input.len());

    fn rev(input) -> Vec<u64> { input.items.par_iter().copied().rev().collect() }
    sees Indexed(input.len());

    fn rev_of_mapped(input) -> Vec<u64> { input.items.par_iter().map(|n| n + 1).rev().collect() }
    sees Indexed(input.len());

    fn interleave(input) -> Vec<u64> {
        input.items.par_iter().interleave(&input.others).copied().collect()
    }
    sees Indexed(input.len());

    fn interleave_shortest(input) -> Vec<u64> {
        input.items.par_iter().interleave_shortest(&input.others).copied().collect()
    }
    sees Cut;

    fn with_min_len(input) -> u64 { input.items.par_iter().with_min_len(input.least).sum() }
    sees Indexed(input.len());

    fn with_max_len(input) -> Vec<u64> {
        input.items.par_iter().copied().with_max_len(input.most).collect()
    }
    sees Indexed(input.len());

    fn with_both_lens(input) -> usize {
        input.items.par_iter().with_min_len(input.least).with_max_len(input.most)
            .filter(|n| is_odd(n)).count()
    }
    sees Indexed(input.len());

    fn with_max_len_of_a_range(input) -> u64 {
        (0..input.items.len()).into_par_iter().with_max_len(input.most).map(|n| n as u64).sum()
    }
    sees Indexed(input.len());

    fn chain_enumerated(input) -> Vec<(usize, u64)> {
        input.items.par_iter().chain(&input.others).copied().enumerate().collect()
    }
    sees Indexed(input.len());

    fn positions_of_any(input) -> bool {
        input.items.par_iter().position_any(|n| *n as usize == input.some).is_some()
    }
    sees Cut;

    fn compared(input) -> std::cmp::Ordering { input.items.par_iter().cmp(&input.others) }
    sees Cut;

    fn changed_with_their_numbers(input) -> Vec<u64> {
        let mut items = input.items.clone();
        items.par_iter_mut().enumerate().for_each(|(at, n)| *n += at as u64);
        items
    }
    sees Indexed(input.len());

    fn chunks_of_a_slice_zipped(input) -> Vec<u64> {
        let (a, b) = (input.items.par_chunks(input.most), input.others.par_chunks(input.most));
        a.zip(b).map(|(a, b)| a.iter().sum::<u64>() + b.iter().sum::<u64>()).collect()
    }
    sees Indexed(input.items.len().div_ceil(input.most) as u64);

    fn drained_and_reversed(input) -> Vec<u64> {
        let mut items = input.items.clone();
        items.par_drain(..).rev().collect()
    }
    sees Indexed(input.len());

    fn skip(input) -> Vec<u64> { input.items.par_iter().copied().skip(input.some).collect() }
    sees Cut;

    fn take(input) -> Vec<u64> { input.items.par_iter().copied().take(input.some).collect() }
    sees Cut;

    fn skip_take_rev(input) -> Vec<(usize, u64)> {
        input.items.clone().into_par_iter().skip(3).take(input.some).rev().enumerate().collect()
    }
    sees Cut;

    fn zip_of_unequal(input) -> Vec<(u64, u64)> {
        input.items.par_iter().copied().zip(input.rows.concat()).collect()
    }
    sees Cut;
}

// What runs out of sight.
chains! {
    out_of_sight:

    fn chunks(input) -> Vec<Vec<u64>> { input.items.par_iter().copied().chunks(input.most).collect() }
    sees Opaque;

    fn chunks_of_enumerated(input) -> usize {
        input.items.par_iter().enumerate().chunks(input.most).map(|chunk| chunk.len()).sum()
    }
    sees Opaque;

    fn fold_chunks(input) -> Vec<u64> {
        input.items.par_iter().fold_chunks(input.most, || 0, |sum, n| sum + n).collect()
    }
    sees Opaque;

    fn fold_chunks_with(input) -> Vec<u64> {
        input.items.par_iter().fold_chunks_with(input.most, 1, |sum, n| sum + n).collect()
    }
    sees Opaque;

    fn step_by(input) -> Vec<u64> { input.items.par_iter().copied().step_by(input.most).collect() }
    sees Opaque;
}
