//! The words of real chains: every name is what the compiler says while rayon drives them, so that
//! a release of either that changes names is found here. And text that is no type's name.

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::iter::repeat_n;
use std::sync::{Arc, Mutex};
use std::thread;

use proptest::collection::vec;
use proptest::prelude::*;
use rayon::iter::plumbing::{Consumer, ProducerCallback, UnindexedConsumer};
use rayon::iter::{Either, empty, once, split, walk_tree, walk_tree_prefix};
use rayon::prelude::*;

use super::{LONGEST, describe};

/// The descriptions of all that was driven, in order.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn over<I: IntoParallelIterator>(&self, source: I) -> Probe<I::Iter> {
        Probe { source: source.into_par_iter(), seen: self.clone() }
    }

    fn note<S, C>(&self) {
        self.0.lock().unwrap().push(describe(type_name::<S>(), type_name::<C>()));
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// A parallel iterator that describes what drives it, as the facade's own do.
struct Probe<I> {
    source: I,
    seen: Seen,
}

impl<I: ParallelIterator> ParallelIterator for Probe<I> {
    type Item = I::Item;

    fn drive_unindexed<C: UnindexedConsumer<I::Item>>(self, consumer: C) -> C::Result {
        self.seen.note::<I, C>();
        self.source.drive_unindexed(consumer)
    }

    fn opt_len(&self) -> Option<usize> {
        self.source.opt_len()
    }
}

impl<I: IndexedParallelIterator> IndexedParallelIterator for Probe<I> {
    fn len(&self) -> usize {
        self.source.len()
    }

    fn drive<C: Consumer<I::Item>>(self, consumer: C) -> C::Result {
        self.seen.note::<I, C>();
        self.source.drive(consumer)
    }

    fn with_producer<CB: ProducerCallback<I::Item>>(self, callback: CB) -> CB::Output {
        self.seen.note::<I, CB>();
        self.source.with_producer(callback)
    }
}

/// Each chain, and the descriptions of the probes in it in the order they are driven.
macro_rules! chains {
    ($seen:ident: $($chain:expr => $words:expr;)*) => {$({
        let $seen = Seen::default();
        let _ = $chain;
        assert_eq!($seen.all(), $words, "{}", stringify!($chain));
    })*};
}

fn double(x: usize) -> usize {
    2 * x
}

#[test]
fn sources_are_what_was_given() {
    let pair = || [(1_u8, String::new())];
    chains! { on:
        on.over(0..9_u64).sum::<u64>() => ["Range<u64> → sum"];
        on.over(0..=9_u32).sum::<u32>() => ["RangeInclusive<u32> → sum"];
        on.over('a'..='c').count() => ["RangeInclusive<char> → count"];
        on.over(&vec![1_u8]).count() => ["&[u8] → count"];
        on.over(&mut vec![1_u8]).count() => ["&mut [u8] → count"];
        on.over(vec![(1_u8, "a")]).count() => ["Vec<(u8, &str)> → count"];
        on.over([1_i32, 2, 3]).count() => ["[i32; 3] → count"];
        on.over(vec![1_u8].par_drain(..)).count() => ["drain of Vec<u8> → count"];
        on.over(Some(1_i8)).count() => ["Option<i8> → count"];
        on.over(&Ok::<i8, String>(1)).count() => ["&Result<i8, _> → count"];
        on.over(HashMap::from(pair())).count() => ["HashMap<u8, String> → count"];
        on.over(&HashMap::from(pair())).count() => ["&HashMap<u8, String> → count"];
        on.over(&mut HashMap::from(pair())).count() => ["&mut HashMap<u8, String> → count"];
        on.over(HashMap::from(pair()).par_drain()).count()
            => ["drain of HashMap<u8, String> → count"];
        on.over(BTreeMap::from(pair())).count() => ["BTreeMap<u8, String> → count"];
        on.over(&HashSet::from([1_u8])).count() => ["&HashSet<u8> → count"];
        on.over(&BTreeSet::from([1_u8])).count() => ["&BTreeSet<u8> → count"];
        on.over(&mut VecDeque::from([1_u8])).count() => ["&mut VecDeque<u8> → count"];
        on.over(BinaryHeap::from([1_u8])).count() => ["BinaryHeap<u8> → count"];
        on.over(LinkedList::from([1_u8])).count() => ["LinkedList<u8> → count"];
    }
}

#[test]
fn parts_of_slices_and_strings_say_what_of() {
    let (mut numbers, text) = ([1_u8, 2, 3], "a b\nc");
    chains! { on:
        on.over(numbers.par_chunks(2)).count() => ["chunks of &[u8] → count"];
        on.over(numbers.par_chunks_exact_mut(2)).count() => ["chunks_exact of &mut [u8] → count"];
        on.over(numbers.par_rchunks_mut(2)).count() => ["rchunks of &mut [u8] → count"];
        on.over(numbers.par_windows(2)).count() => ["windows of &[u8] → count"];
        on.over(numbers.par_array_windows::<2>()).count() => ["array_windows of &[u8] → count"];
        on.over(numbers.par_split(|x| *x == 2)).count() => ["split of &[u8] → count"];
        on.over(numbers.par_split_inclusive_mut(|x| *x == 2)).count()
            => ["split_inclusive of &mut [u8] → count"];
        on.over(numbers.par_chunk_by(|a, b| a < b)).count() => ["chunk_by of &[u8] → count"];
        on.over(text.par_chars()).count() => ["chars of str → count"];
        on.over(text.par_encode_utf16()).count() => ["encode_utf16 of str → count"];
        on.over(text.par_lines()).count() => ["lines of str → count"];
        on.over(text.par_split(' ')).count() => ["split of str → count"];
        on.over(text.par_split_whitespace()).count() => ["split_whitespace of str → count"];
        on.over(text.to_owned().par_drain(1..)).count() => ["drain of String → count"];
    }
}

#[test]
fn sources_made_by_functions_are_those_functions() {
    let numbers = [1_u8, 2, 3];
    chains! { on:
        on.over(empty::<u8>()).count() => ["empty → count"];
        on.over(once(1)).count() => ["once → count"];
        on.over(rayon::iter::repeat_n(1, 2)).count() => ["repeat_n → count"];
        on.over(rayon::iter::repeat(1)).find_any(|x| *x == 1) => ["repeat → find_any"];
        on.over(walk_tree(2_u32, |x| 0..*x)).count() => ["walk_tree → count"];
        on.over(walk_tree_prefix(2_u32, |x| 0..*x)).count() => ["walk_tree_prefix → count"];
        on.over(split(0..9_u32, |range| (range, None))).count() => ["split of Range<u32> → count"];
        on.over("a\nb".lines().par_bridge()).count() => ["par_bridge of Lines → count"];
        on.over("a".chars().map(|c| c as u8).par_bridge()).count()
            => ["par_bridge of Map<Chars, closure> → count"];
        on.over((0..2_u32, &numbers)).count() => ["(Range<u32>, &[u8]) → count"];
        on.over(Either::<_, rayon::vec::IntoIter<u32>>::Left((0..2_u32).into_par_iter())).count()
            => ["Either<Range<u32>, Vec<u32>> → count"];
    }
}

#[test]
fn elements_keep_their_shape_and_lose_their_modules() {
    let plain: fn(usize) -> usize = double;
    type Deques = LinkedList<VecDeque<u8>>;
    type Boxed = Box<dyn Fn(&str) -> u8 + Send + Sync>;
    chains! { on:
        on.over(vec![[0_u8; 4]]).count() => ["Vec<[u8; 4]> → count"];
        on.over(vec![((), (1_u8,))]).count() => ["Vec<((), (u8,))> → count"];
        on.over(vec![plain]).count() => ["Vec<fn(usize) -> usize> → count"];
        on.over(vec![double]).count() => ["Vec<double> → count"];
        on.over(Vec::<Boxed>::new()).count()
            => ["Vec<Box<dyn Fn(&str) -> u8 + Send + Sync>> → count"];
        on.over(Vec::<HashMap<String, Vec<(Option<Arc<u8>>, String)>>>::new()).count()
            => ["Vec<HashMap<String, Vec<(Option<…>, String)>>> → count"];
        on.over(Vec::<HashMap<Deques, BTreeMap<LinkedList<u8>, String>>>::new()).count()
            => ["Vec<HashMap<LinkedList<…>, BTreeMap<…>>> → count"];
    }
}

#[test]
fn adaptors_are_in_the_order_they_were_called() {
    chains! { on:
        on.over(0..9_usize).map(double).filter(|x| *x > 1).inspect(|_| ()).update(|_| ()).max()
            => ["Range<usize> → map → filter → inspect → update → max"];
        on.over(&[1_u8]).cloned().product::<u8>() => ["&[u8] → cloned → product"];
        on.over(&[1_u8]).copied().for_each(drop) => ["&[u8] → copied → for_each"];
        on.over(0..9_usize).filter_map(Some).map_with(1, |_, x| x).map_init(|| 1, |_, x| x).min()
            => ["Range<usize> → filter_map → map_with → map_init → min"];
        on.over(0..3_usize).flat_map(|x| 0..x).flat_map_iter(|x| 0..x).sum::<usize>()
            => ["Range<usize> → flat_map → flat_map_iter → sum"];
        on.over(vec![vec![1_u8]]).flatten().sum::<u8>() => ["Vec<Vec<u8>> → flatten → sum"];
        on.over(vec![vec![1_u8]]).flatten_iter().sum::<u8>()
            => ["Vec<Vec<u8>> → flatten_iter → sum"];
        on.over(0..9_usize).fold(|| 0, |a, b| a + b).sum::<usize>()
            => ["Range<usize> → fold → sum"];
        on.over(0..9_usize).fold_with(0, |a, b| a + b).sum::<usize>()
            => ["Range<usize> → fold_with → sum"];
        on.over(0..9_usize).try_fold(|| 0, |a, b| Some(a + b)).try_reduce(|| 0, |a, b| Some(a + b))
            => ["Range<usize> → try_fold → try_reduce"];
        on.over(0..9_usize).try_fold_with(0, |a, b| Some(a + b)).try_reduce_with(|a, b| Some(a + b))
            => ["Range<usize> → try_fold_with → try_reduce_with"];
        on.over(0..9_usize).take_any(5).skip_any_while(|_| true).count()
            => ["Range<usize> → take_any → skip_any_while → count"];
        on.over(0..9_usize).skip_any(1).take_any_while(|_| true).count()
            => ["Range<usize> → skip_any → take_any_while → count"];
        on.over(vec![Some(1_u8)]).while_some().panic_fuse().intersperse(7).sum::<u8>()
            => ["Vec<Option<u8>> → while_some → panic_fuse → intersperse → sum"];
        on.over(0..9_usize).positions(|x| x > 1).max() => ["Range<usize> → positions → max"];
        on.over(0..3_usize).chain(on.over(0..3_usize)).sum::<usize>()
            => ["Range<usize> → sum", "Range<usize> → sum"];
    }
}

#[test]
fn adaptors_that_need_lengths_are_callbacks() {
    chains! { on:
        on.over(0..9_usize).map(double).rev().enumerate().for_each(drop)
            => ["Range<usize> → map → rev → enumerate → for_each"];
        on.over(0..9_usize).with_min_len(2).with_max_len(4).chunks(2).count()
            => ["Range<usize> → with_min_len → with_max_len → chunks → count"];
        on.over(0..9_usize).skip(1).take(5).step_by(2).sum::<usize>()
            => ["Range<usize> → skip → take → step_by → sum"];
        on.over(0..9_usize).fold_chunks(2, || 0, |a, b| a + b).sum::<usize>()
            => ["Range<usize> → fold_chunks → sum"];
        on.over(0..9_usize).fold_chunks_with(2, 0, |a, b| a + b).sum::<usize>()
            => ["Range<usize> → fold_chunks_with → sum"];
        on.over(0..9_usize).by_uniform_blocks(2).map(double).sum::<usize>()
            => ["Range<usize> → by_uniform_blocks → map → sum"];
        on.over(0..9_usize).by_exponential_blocks().sum::<usize>()
            => ["Range<usize> → by_exponential_blocks → sum"];
        on.over(&[1_u8]).cloned().map_with(1, |_, x| x).inspect(|_| ()).update(|_| ()).rev().count()
            => ["&[u8] → cloned → map_with → inspect → update → rev → count"];
        on.over(&[1_u8]).copied().map_init(|| 1, |_, x| x).panic_fuse().intersperse(1).rev().count()
            => ["&[u8] → copied → map_init → panic_fuse → intersperse → rev → count"];
    }
}

#[test]
fn arguments_of_methods_say_so() {
    chains! { on:
        on.over(0..9_usize).zip(on.over(&[1_u8])).map(|x| x).count()
            => ["Range<usize> → zip → map → count", "&[u8] → zipped → map → count"];
        on.over(0..1_usize).zip_eq(on.over(&[1_u8]).map(|x| x)).count()
            => ["Range<usize> → zip → count", "&[u8] → map → zipped → count"];
        on.over(0..9_usize).interleave(on.over(vec![1_usize])).sum::<usize>()
            => ["Range<usize> → interleave → sum", "Vec<usize> → interleaved → sum"];
        on.over(0..9_usize).interleave_shortest(on.over(vec![1_usize])).sum::<usize>()
            => ["Range<usize> → take → interleave → sum", "Vec<usize> → take → interleaved → sum"];
        on.over(0..9_usize).chain(on.over(vec![1_usize])).rev().sum::<usize>()
            => ["Range<usize> → chain → rev → sum", "Vec<usize> → chained → rev → sum"];
        (on.over(0..1_u8), on.over(&[1_u8]), on.over([1_u8])).into_par_iter().map(|x| x).count()
            => [
                "Range<u8> → zip → zip → map → count",
                "&[u8] → zipped → zip → map → count",
                "[u8; 1] → zipped → map → count",
            ];
        (on.over(0..1_u8), on.over(&[1_u8])).into_par_iter().rev().count()
            => ["Range<u8> → zip → rev → count", "&[u8] → zipped → rev → count"];
    }
}

#[test]
fn methods_made_of_others_are_recognised() {
    chains! { on:
        on.over(0..9_usize).map(double).count() => ["Range<usize> → map → count"];
        on.over(0..9_usize).any(|x| x > 1) => ["Range<usize> → any"];
        on.over(0..9_usize).all(|x| x > 1) => ["Range<usize> → all"];
        on.over(0..9_usize).reduce(|| 0, |a, b| a + b) => ["Range<usize> → reduce"];
        on.over(0..9_usize).reduce_with(|a, b| a + b) => ["Range<usize> → reduce_with"];
        on.over(0..9_usize).min() => ["Range<usize> → min"];
        on.over(0..9_usize).map(double).max() => ["Range<usize> → map → max"];
        on.over(0..9_usize).min_by(|a, b| a.cmp(b)) => ["Range<usize> → min_by"];
        on.over(0..9_usize).max_by(|a, b| a.cmp(b)) => ["Range<usize> → max_by"];
        on.over(0..9_usize).min_by_key(|x| *x) => ["Range<usize> → min_by_key"];
        on.over(0..9_usize).max_by_key(|x| *x) => ["Range<usize> → max_by_key"];
        on.over(0..9_usize).find_map_any(Some) => ["Range<usize> → find_map_any"];
        on.over(0..9_usize).find_map_first(Some) => ["Range<usize> → find_map_first"];
        on.over(0..9_usize).find_map_last(Some) => ["Range<usize> → find_map_last"];
        on.over(0..9_usize).position_any(|x| x == 1) => ["Range<usize> → position_any"];
        on.over(0..9_usize).position_first(|x| x == 1) => ["Range<usize> → position_first"];
        on.over(0..9_usize).position_last(|x| x == 1) => ["Range<usize> → position_last"];
        on.over(0..9_usize).for_each_with(1, |_, _| ()) => ["Range<usize> → for_each_with"];
        on.over(0..9_usize).for_each_init(|| 1, |_, _| ()) => ["Range<usize> → for_each_init"];
        on.over(0..9_usize).try_for_each(|_| Some(())) => ["Range<usize> → try_for_each"];
        on.over(0..9_usize).try_for_each_with(1, |_, _| Some(()))
            => ["Range<usize> → try_for_each_with"];
        on.over(0..9_usize).try_for_each_init(|| 1, |_, _| Some(()))
            => ["Range<usize> → try_for_each_init"];
    }
}

#[test]
fn comparisons_are_recognised_on_both_sides() {
    chains! { on:
        on.over(0..3_u8).cmp(on.over(vec![1_u8])) => ["Range<u8> → cmp", "Vec<u8> → cmp"];
        on.over(0..3_u8).lt(on.over(vec![1_u8]))
            => ["Range<u8> → partial_cmp", "Vec<u8> → partial_cmp"];
        on.over(0..1_u8).eq(on.over(vec![1_u8])) => ["Range<u8> → eq", "Vec<u8> → eq"];
    }
}

#[test]
fn a_user_who_writes_the_parts_sees_the_parts() {
    chains! { on:
        on.over(0..9_usize).map(|_| 1).sum::<usize>() => ["Range<usize> → map → sum"];
        on.over(0..9_usize).map(|x| x > 1).enumerate().find_any(|(_, is)| *is)
            => ["Range<usize> → map → enumerate → find_any"];
        on.over(0..9_usize).fold(|| 0, |a, b| a + b).reduce(|| 0, |a, b| a + b)
            => ["Range<usize> → fold → reduce"];
        on.over(vec![Some(1)]).inspect(|_| ()).while_some().collect::<Vec<_>>()
            => ["Vec<Option<i32>> → inspect → while_some → collect"];
        on.over(0..9_usize).find_last(|x| *x == 1) => ["Range<usize> → find_first or find_last"];
    }
}

#[test]
fn whatever_is_collected_is_collected() {
    let some = |x| Some(x);
    chains! { on:
        on.over(0..9_usize).collect::<Vec<_>>() => ["Range<usize> → collect"];
        on.over(0..9_usize).filter(|x| *x > 1).collect::<HashSet<_>>()
            => ["Range<usize> → filter → collect"];
        on.over(0..9_usize).collect::<LinkedList<_>>() => ["Range<usize> → collect"];
        on.over(0..9_usize).map(|_| 'c').collect::<String>() => ["Range<usize> → map → collect"];
        on.over(0..9_usize).map(some).collect::<Option<Vec<_>>>()
            => ["Range<usize> → map → collect"];
        on.over(0..9_usize).map(|x| some(x).ok_or(())).collect::<Result<Vec<_>, _>>()
            => ["Range<usize> → map → collect"];
        on.over(0..9_usize).map(drop).collect::<()>() => ["Range<usize> → map → collect ()"];
        on.over(0..9_usize).collect_into_vec(&mut Vec::new()) => ["Range<usize> → collect"];
        on.over(0..9_usize).map(|x| (x, x)).unzip::<_, _, Vec<_>, HashSet<_>>()
            => ["Range<usize> → map → unzip"];
        on.over(0..9_usize).enumerate().unzip_into_vecs(&mut Vec::new(), &mut Vec::new())
            => ["Range<usize> → enumerate → unzip"];
        on.over(0..9_usize).partition::<Vec<_>, Vec<_>, _>(|x| *x > 1)
            => ["Range<usize> → partition"];
        on.over(0..9_usize).partition_map::<Vec<_>, Vec<_>, _, usize, usize>(Either::Left)
            => ["Range<usize> → partition_map"];
        on.over(0..9_usize).map(Either::Left).collect::<(Vec<_>, Vec<usize>)>()
            => ["Range<usize> → map → collect"];
        (Vec::new(), Vec::<u8>::new()).par_extend(on.over(0..9_usize).map(Either::<_, u8>::Left))
            => ["Range<usize> → map → par_extend"];
    }
}

#[test]
fn adaptors_and_probes_may_be_the_source() {
    chains! { on:
        on.over(on.over(0..9_u64).map(|x| x)).filter(|_| true).count()
            => ["Range<u64> → map → filter → count", "Range<u64> → map → filter → count"];
        on.over(on.over(on.over(0..9_usize)).with_min_len(2)).rev().count()
            => [
                "Range<usize> → with_min_len → rev → count",
                "Range<usize> → with_min_len → rev → count",
                "Range<usize> → with_min_len → rev → count",
            ];
        on.over(on.over(&[1_u8]).zip(0..9_usize).map(|x| x)).enumerate().count()
            => ["&[u8] → zip → map → enumerate → count", "&[u8] → zip → map → enumerate → count"];
    }
}

const RANGE: &str = "rayon::range::Iter<u64>";
const SUM: &str = "rayon::iter::sum::SumConsumer<u64>";

#[test]
fn our_own_types_are_looked_through() {
    let traced = "rayprism::facade::iter::traced::Traced<'_, rayprism::facade::Again<X>>";
    let range = &*traced.replace('X', RANGE);
    let map = &*format!("rayon::iter::map::Map<{range}, app::main::{{{{closure}}}}>");
    assert_eq!(describe(range, SUM), "Range<u64> → sum");
    assert_eq!(describe(map, SUM), "Range<u64> → map → sum");
    assert_eq!(describe(&format!("app::My<u8, {range}>"), SUM), "My<u8, Range<u64>> → sum");
    assert_eq!(describe(RANGE, &traced.replace('X', SUM)), "Range<u64> → sum");
    let callback = "<rayprism::facade::iter::Traced<_> as rayon::iter::IndexedParallelIterator>\
        ::with_producer::Callback<rayon::iter::plumbing::bridge::Callback<X>, u8>";
    assert_eq!(describe(RANGE, &callback.replace('X', SUM)), "Range<u64> → sum");
}

#[test]
fn names_of_compilers_that_leave_lifetimes_out_are_read() {
    let callback = "<rayon::iter::rev::Rev<I> as rayon::iter::IndexedParallelIterator>\
        ::with_producer::Callback<rayon::iter::plumbing::bridge::Callback<\
        rayon::iter::map::MapConsumer<X, app::main::{{closure}}>>>";
    assert_eq!(
        describe("rayon::slice::Iter<alloc::string::String>", &callback.replace('X', SUM)),
        "&[String] → rev → map → sum"
    );
}

#[test]
fn types_of_others_go_by_their_names() {
    let cases = [
        ("app::Tree", "app::plumbing::TeeConsumer<u8, X>", "Tree → tee → sum"),
        ("app::Tree<'a>", "app::tee::Consumer<X>", "Tree → tee → sum"),
        ("&app::Tree", "app::Tee", "&Tree → tee"),
        (
            "indicatif::rayon::ProgressBarIter<rayon::vec::IntoIter<u8>>",
            "indicatif::rayon::ProgressConsumer<X>",
            "ProgressBarIter<Vec<u8>> → progress → sum",
        ),
        (
            "app::Tree",
            "<app::Grown<_> as rayon::iter::IndexedParallelIterator>::with_producer::Callback<X>",
            "Tree → grown → sum",
        ),
        ("app::Tree", "rayon::iter::map::MapConsumer<'_, app::Tee, app::f>", "Tree → map → tee"),
        ("app::f<u8>::{{closure}}", "(app::A, [app::B])", "closure → (A, [B])"),
        ("<app::A as app::B<u8>>::C", "<app::Sink>", "C → …"),
    ];
    for (source, consumer, words) in cases {
        assert_eq!(describe(source, &consumer.replace('X', SUM)), words, "{source}, {consumer}");
    }
}

#[test]
fn all_of_the_grammar_is_read() {
    let cases = [
        ("app::T<-1, true, 'x', '<', 'static, '_>", "T<-1, true, 'x', '<'>"),
        ("*const *mut app::T", "*const *mut T"),
        ("&'a mut &'static [app::T]", "&mut &[T]"),
        ("[[app::T; 2]; app::N]", "[[T; 2]; N]"),
        ("unsafe extern \"C\" fn(app::A, *const u8) -> !", "fn(A, *const u8) -> !"),
        (
            "&(dyn for<'a> app::F(&'a u8) -> (app::B,) + 'static + Send)",
            "&dyn F(&u8) -> (B,) + Send",
        ),
        (
            "app::T<dyn core::Iterator<Item = app::U> + Send, u8>",
            "T<dyn Iterator<Item = U> + Send, u8>",
        ),
        ("app::T<{ 1 + 2 }, fn() -> u8>", "T<1 + 2, fn() -> u8>"),
        ("app::<impl app::A for app::B<u8>>::f<u8>::{{closure}}", "closure"),
        ("<impl app::A for app::B<u8>>::f::<u8, app::C>", "f<u8, C>"),
        ("[app::f::{{closure}}]", "[closure]"),
        ("for<'a, 'b> fn(&'a u8, app::A<'b>)", "fn(&u8, A)"),
        ("", "…"),
        ("!", "!"),
        (">>", "…"),
        ("Vec<u8)>", "Vec<u8>"),
        ("Vec<Vec<(u8", "Vec<Vec<u8>>"),
        ("größe::Länge<µ>", "Länge<µ>"),
    ];
    for (name, words) in cases {
        assert_eq!(describe(name, ""), words, "{name}");
        assert_eq!(describe(name, SUM), format!("{words} → sum"), "{name}");
    }
}

/// `count` maps of closures, then a sum.
fn maps(count: usize) -> String {
    let opened = "rayon::iter::map::MapConsumer<'_, ".repeat(count);
    opened + SUM + &", app::f::{{closure}}>".repeat(count)
}

#[test]
fn long_chains_are_elided_in_their_middle() {
    let some = format!("Range<u64>{} → sum", " → map".repeat(17));
    assert_eq!(describe(RANGE, &maps(17)), some);
    let more = format!("Range<u64>{} → … → sum", " → map".repeat(16));
    assert_eq!(describe(RANGE, &maps(18)), more);
    assert_eq!(describe(RANGE, &maps(80)), more);
    let deep = describe(RANGE, &maps(5_000));
    assert!(deep.ends_with(" → map → …"), "the sum is too deep to be seen: {deep}");
    let long = "VeryLong".repeat(30);
    let words = describe(&long, &long);
    assert!(words.starts_with("VeryLongVery") && words.contains("… → very_long_"), "{words}");
}

#[test]
fn depth_costs_neither_stack_nor_time() {
    let openings =
        ["&", "(", "[", "<", "A<", "a::", "dyn ", "fn() -> ", "{", "'", "\"", "A=", "+", "for<"];
    let small = thread::Builder::new().stack_size(256 << 10).spawn(move || {
        for opening in openings {
            let name = opening.repeat(300_000);
            assert_words(&describe(&name, &name));
        }
    });
    small.unwrap().join().unwrap();
}

fn assert_words(words: &str) {
    assert!(!words.is_empty() && words.chars().count() <= LONGEST, "{words:?}");
}

/// Pieces of names in any order, many of which almost parse.
fn almost_a_name() -> impl Strategy<Value = String> {
    let pieces = [
        "<",
        ">",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ";",
        "::",
        "&",
        "*mut ",
        "mut ",
        "'a",
        "'",
        "\"",
        "=",
        "+",
        "->",
        " ",
        "dyn ",
        "fn",
        "for<",
        "impl ",
        " as ",
        "_",
        "é",
        "…",
        "{{closure}}",
        "rayon::",
        "iter::",
        "rayprism::facade::",
        "Callback",
        "MapConsumer",
        "UnzipConsumer",
        "BlocksCallback",
        "TryFoldConsumer",
        "slice::Iter",
        "array::IntoIter",
        "vec::IntoIter",
        "MultiZip",
        "Split",
    ];
    vec(proptest::sample::select(pieces.to_vec()), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_gets_words(source: String, consumer: String) {
        assert_words(&describe(&source, &consumer));
    }

    #[test]
    fn almost_names_get_words(source in almost_a_name(), consumer in almost_a_name()) {
        assert_words(&describe(&source, &consumer));
    }

    #[test]
    fn names_cut_short_get_words(end in 0..600_usize) {
        let name = maps(7);
        let cut = &name[..end.min(name.len())];
        assert_words(&describe(cut, cut));
        assert_words(&describe(RANGE, &repeat_n(cut, 3).collect::<String>()));
    }
}
