//! Whatever rayon's traits and functions hand out as the beginning of a parallel iterator is, from
//! the facade, that very type of rayon's in a `Traced`, under the name that rayon gives it, and
//! behaves no differently.

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, LinkedList, VecDeque, hash_map, hash_set};
use std::fmt::Debug;
use std::hash::{BuildHasherDefault, DefaultHasher};

use rayprism::facade as rayon;
use rayprism::facade::iter::Traced;
use rayprism::facade::real::iter::{IndexedParallelIterator, ParallelIterator};
use rayprism::facade::{iter, slice, str};

/// What can be seen of a source without recording it.
#[derive(Debug, PartialEq)]
struct Seen {
    /// The type of the source, of rayon's that is.
    source: &'static str,
    text: String,
    len: Option<usize>,
    items: Vec<String>,
}

fn texts<I: ParallelIterator<Item: Debug>>(items: I) -> Vec<String> {
    items.map(|item| format!("{item:?}")).collect()
}

fn traced<I: ParallelIterator<Item: Debug> + Debug>(source: Traced<I>) -> Seen {
    Seen { source: type_name::<I>(), ..plain(source) }
}

fn plain<I: ParallelIterator<Item: Debug> + Debug>(source: I) -> Seen {
    let (text, len) = (format!("{source:?}"), source.opt_len());
    Seen { source: type_name::<I>(), text, len, items: texts(source) }
}

/// Length and items in reverse, which go the way of an order.
fn indexed<I: IndexedParallelIterator<Item: Debug>>(source: I) -> (usize, Vec<String>) {
    (source.len(), texts(source.rev()))
}

/// Makes a source through the facade and through rayon and compares them: `Type: data => source`,
/// with `indexed` before it where rayon's has an order.
macro_rules! same {
    (@once $view:ident $($rayon:ident)::+, $data:ident = $make:expr => $source:expr) => {{
        #[allow(unused_imports, reason = "some sources need the prelude, some the crate's name")]
        use {$($rayon)::+ as rayon, $($rayon)::+::prelude::*};
        #[allow(unused_mut, unused_variables, reason = "some sources change it, some have none")]
        let mut $data = $make;
        $view($source)
    }};
    (@both $ours:ident, $theirs:ident, $($source:tt)+) => {{
        let ours = same!(@once $ours rayprism::facade, $($source)+);
        let theirs = same!(@once $theirs rayprism::facade::real, $($source)+);
        assert_eq!(ours, theirs);
        ours
    }};
    (indexed $Type:ty: $($source:tt)+) => {{
        same!($Type: $($source)+);
        same!(@both indexed, indexed, $($source)+)
    }};
    ($Type:ty: $($source:tt)+) => {{
        fn named(source: $Type) -> Seen {
            traced(source)
        }
        same!(@both named, plain, $($source)+)
    }};
}

fn numbers() -> Vec<u32> {
    vec![3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]
}

fn odd(number: &u32) -> bool {
    number % 2 == 1
}

fn rising(one: &u32, next: &u32) -> bool {
    one < next
}

#[test]
fn by_value() {
    same!(indexed rayon::vec::IntoIter<u32>: v = numbers() => v.into_par_iter());
    same!(indexed rayon::vec::IntoIter<u32>: v = numbers().into_boxed_slice() => v.into_par_iter());
    same!(indexed rayon::array::IntoIter<u8, 3>: a = [1_u8, 2, 3] => a.into_par_iter());
    same!(indexed rayon::option::IntoIter<u8>: o = Some(1_u8) => o.into_par_iter());
    same!(indexed rayon::result::IntoIter<u8>: r = Ok::<_, ()>(1_u8) => r.into_par_iter());
    same!(indexed rayon::range::Iter<u32>: r = 0..100_u32 => r.into_par_iter());
    same!(rayon::range::Iter<u64>: r = 0..100_u64 => r.into_par_iter());
    same!(indexed rayon::range_inclusive::Iter<u16>: r = 0..=100_u16 => r.into_par_iter());
    same!(rayon::range::Iter<char>: r = 'a'..'k' => r.into_par_iter());
}

#[test]
fn by_reference() {
    same!(indexed rayon::slice::Iter<'_, u32>: v = numbers() => v.par_iter());
    same!(indexed rayon::slice::Iter<'_, u32>: v = numbers() => v[2..].par_iter());
    same!(indexed rayon::slice::Iter<'_, u32>: v = numbers() => (&v).into_par_iter());
    same!(indexed rayon::slice::Iter<'_, u8>: a = [1_u8, 2, 3] => a.par_iter());
    same!(indexed rayon::slice::IterMut<'_, u32>: v = numbers() => v.par_iter_mut());
    same!(indexed rayon::slice::IterMut<'_, u32>: v = numbers() => (&mut v).into_par_iter());
    same!(indexed rayon::option::Iter<'_, u8>: o = Some(1_u8) => o.par_iter());
    same!(indexed rayon::option::IterMut<'_, u8>: o = Some(1_u8) => o.par_iter_mut());
    same!(indexed rayon::result::Iter<'_, u8>: r = Ok::<_, ()>(1_u8) => r.par_iter());
    same!(indexed rayon::result::IterMut<'_, u8>: r = Ok::<_, ()>(1_u8) => r.par_iter_mut());
}

#[test]
fn tuples() {
    use rayon::real::slice::{Iter, IterMut};
    type Real<T> = rayon::iter::MultiZip<T>;
    same!(indexed Real<(Iter<'_, u32>, rayon::real::range::Iter<u8>)>:
        v = numbers() => (&v, 0..20_u8).into_par_iter());
    same!(indexed Real<(Iter<'_, u32>, Iter<'_, u32>)>:
        t = (numbers(), numbers()) => t.par_iter());
    same!(indexed Real<(IterMut<'_, u32>, IterMut<'_, u32>)>:
        t = (numbers(), numbers()) => t.par_iter_mut());
    // A part that is traced already stays so.
    let mut v = numbers();
    let part = || rayon::iter::IntoParallelIterator::into_par_iter(0..3_usize);
    let (len, items) = {
        use rayon::prelude::*;
        let pairs = (v.par_iter_mut(), part()).into_par_iter();
        (pairs.len(), pairs.map(|(a, b)| *a as usize * b).collect::<Vec<_>>())
    };
    assert_eq!((len, items), (3, vec![0, 1, 8]));
}

#[test]
fn drains() {
    same!(indexed rayon::vec::Drain<'_, u32>: v = numbers() => v.par_drain(2..5));
    same!(rayon::string::Drain<'_>: s = "as text".to_owned() => s.par_drain(..4));
    same!(indexed rayon::collections::vec_deque::Drain<'_, u32>:
        q = VecDeque::from(numbers()) => q.par_drain(3..));
    same!(indexed rayon::collections::binary_heap::Drain<'_, u32>:
        h = BinaryHeap::from(numbers()) => h.par_drain());
    same!(rayon::collections::hash_set::Drain<'_, u32>: s = set() => s.par_drain());
    same!(rayon::collections::hash_map::Drain<'_, u32, usize>: m = map() => m.par_drain());
}

#[test]
fn what_is_drained_is_gone() {
    use rayon::prelude::*;
    let mut v = numbers();
    v.par_drain(1..10).for_each(drop);
    assert_eq!(v, [3, 5]);
    let mut s = set();
    assert_eq!(s.par_drain().count(), 7);
    assert!(s.is_empty());
}

/// One order for all sets and maps of the same items.
type Hasher = BuildHasherDefault<DefaultHasher>;

fn set() -> hash_set::HashSet<u32, Hasher> {
    numbers().into_iter().collect()
}

fn map() -> hash_map::HashMap<u32, usize, Hasher> {
    (0..).zip(numbers()).map(|(place, number)| (number, place)).collect()
}

#[test]
fn collections() {
    use rayon::collections::*;
    let list = || LinkedList::from_iter(numbers());
    let heap = || BinaryHeap::from(numbers());
    let queue = || VecDeque::from(numbers());
    let tree_set = || BTreeSet::from_iter(numbers());
    let tree_map = || BTreeMap::from_iter(map());
    same!(indexed binary_heap::IntoIter<u32>: c = heap() => c.into_par_iter());
    same!(indexed binary_heap::Iter<'_, u32>: c = heap() => c.par_iter());
    same!(btree_map::IntoIter<u32, usize>: c = tree_map() => c.into_par_iter());
    same!(btree_map::Iter<'_, u32, usize>: c = tree_map() => c.par_iter());
    same!(btree_map::IterMut<'_, u32, usize>: c = tree_map() => c.par_iter_mut());
    same!(btree_set::IntoIter<u32>: c = tree_set() => c.into_par_iter());
    same!(btree_set::Iter<'_, u32>: c = tree_set() => c.par_iter());
    same!(hash_map::IntoIter<u32, usize>: c = map() => c.into_par_iter());
    same!(hash_map::Iter<'_, u32, usize>: c = map() => c.par_iter());
    same!(hash_map::IterMut<'_, u32, usize>: c = map() => c.par_iter_mut());
    same!(hash_set::IntoIter<u32>: c = set() => c.into_par_iter());
    same!(hash_set::Iter<'_, u32>: c = set() => c.par_iter());
    same!(linked_list::IntoIter<u32>: c = list() => c.into_par_iter());
    same!(linked_list::Iter<'_, u32>: c = list() => c.par_iter());
    same!(linked_list::IterMut<'_, u32>: c = list() => c.par_iter_mut());
    same!(indexed vec_deque::IntoIter<u32>: c = queue() => c.into_par_iter());
    same!(indexed vec_deque::Iter<'_, u32>: c = queue() => c.par_iter());
    same!(indexed vec_deque::IterMut<'_, u32>: c = queue() => c.par_iter_mut());
}

#[test]
fn slices() {
    let odd: fn(&u32) -> bool = odd;
    type Odd = fn(&u32) -> bool;
    let rising: fn(&u32, &u32) -> bool = rising;
    type Rising = fn(&u32, &u32) -> bool;
    same!(slice::Split<'_, u32, Odd>: v = numbers() => v.par_split(odd));
    same!(slice::SplitMut<'_, u32, Odd>: v = numbers() => v.par_split_mut(odd));
    same!(slice::SplitInclusive<'_, u32, Odd>: v = numbers() => v.par_split_inclusive(odd));
    same!(slice::SplitInclusiveMut<'_, u32, Odd>: v = numbers() => v.par_split_inclusive_mut(odd));
    same!(slice::ChunkBy<'_, u32, Rising>: v = numbers() => v.par_chunk_by(rising));
    same!(slice::ChunkByMut<'_, u32, Rising>: v = numbers() => v.par_chunk_by_mut(rising));
    same!(indexed slice::Windows<'_, u32>: v = numbers() => v.par_windows(3));
    same!(indexed slice::ArrayWindows<'_, u32, 3>: v = numbers() => v.par_array_windows::<3>());
    same!(indexed slice::Chunks<'_, u32>: v = numbers() => v.par_chunks(3));
    same!(indexed slice::ChunksMut<'_, u32>: v = numbers() => v.par_chunks_mut(3));
    same!(indexed slice::ChunksExact<'_, u32>: v = numbers() => v.par_chunks_exact(3));
    same!(indexed slice::ChunksExactMut<'_, u32>: v = numbers() => v.par_chunks_exact_mut(3));
    same!(indexed slice::RChunks<'_, u32>: v = numbers() => v.par_rchunks(3));
    same!(indexed slice::RChunksMut<'_, u32>: v = numbers() => v.par_rchunks_mut(3));
    same!(indexed slice::RChunksExact<'_, u32>: v = numbers() => v.par_rchunks_exact(3));
    same!(indexed slice::RChunksExactMut<'_, u32>: v = numbers() => v.par_rchunks_exact_mut(3));
}

#[test]
fn remainders_of_exact_chunks() {
    use rayon::prelude::*;
    let mut v = numbers();
    assert_eq!(v.par_chunks_exact(3).remainder(), [3, 5]);
    assert_eq!(v.par_rchunks_exact(3).remainder(), [3, 1]);
    assert_eq!(v.par_chunks_exact_mut(3).into_remainder(), [3, 5]);
    assert_eq!(v.par_rchunks_exact_mut(3).into_remainder(), [3, 1]);
    let mut chunks = v.par_chunks_exact_mut(3);
    assert_eq!(chunks.remainder(), [3, 5]);
    assert_eq!(chunks.take_remainder(), [3, 5]);
    assert!(chunks.remainder().is_empty());
    let mut chunks = v.par_rchunks_exact_mut(3);
    assert_eq!(chunks.remainder(), [3, 1]);
    assert_eq!(chunks.take_remainder(), [3, 1]);
    assert!(chunks.remainder().is_empty());
}

const TEXT: &str = " für  alle\r\nFälle: 𝄞 am\tEnde,\n\u{2009}ja  ";

#[test]
fn strings() {
    same!(str::Chars<'_>: s = TEXT => s.par_chars());
    same!(str::CharIndices<'_>: s = TEXT => s.par_char_indices());
    same!(str::Bytes<'_>: s = TEXT => s.par_bytes());
    same!(str::EncodeUtf16<'_>: s = TEXT => s.par_encode_utf16());
    same!(str::Lines<'_>: s = TEXT => s.par_lines());
    same!(str::SplitWhitespace<'_>: s = TEXT => s.par_split_whitespace());
    same!(str::SplitAsciiWhitespace<'_>: s = TEXT.to_owned() => s.par_split_ascii_whitespace());
}

/// All that strings are searched for in this way, by a pattern of this type.
macro_rules! pattern {
    ($Pattern:ty: $pattern:expr) => {{
        let splits = same!(str::Split<'_, $Pattern>: s = TEXT => s.par_split($pattern));
        assert!(splits.items.len() > 2, "{splits:?}");
        same!(str::SplitInclusive<'_, $Pattern>: s = TEXT => s.par_split_inclusive($pattern));
        same!(str::SplitTerminator<'_, $Pattern>: s = TEXT => s.par_split_terminator($pattern));
        same!(str::Matches<'_, $Pattern>: s = TEXT => s.par_matches($pattern));
        same!(str::MatchIndices<'_, $Pattern>: s = TEXT => s.par_match_indices($pattern));
    }};
}

#[test]
fn strings_by_every_kind_of_pattern() {
    pattern!(char: 'l');
    pattern!(&[char]: &['l', 'ä'][..]);
    pattern!([char; 2]: ['l', 'ä']);
    pattern!(&[char; 2]: &['l', 'ä']);
    pattern!(fn(char) -> bool: char::is_whitespace as fn(char) -> bool);
}

#[test]
fn strings_by_a_closure_that_borrows() {
    use rayon::prelude::*;
    let stops = [',', ':'].to_vec();
    let parts: Vec<_> = "a,b:c".par_split(|c| stops.contains(&c)).collect();
    assert_eq!(parts, ["a", "b", "c"]);
    fn count(text: &str, stop: impl Fn(char) -> bool + Send + Sync) -> usize {
        text.par_matches(stop).count()
    }
    assert_eq!(count("a,b:c", |c| stops.contains(&c)), 2);
}

fn children(node: &u32) -> Vec<u32> {
    if *node < 8 { vec![2 * node, 2 * node + 1] } else { Vec::new() }
}

fn halves(range: (u32, u32)) -> ((u32, u32), Option<(u32, u32)>) {
    let (start, end) = range;
    let middle = start + (end - start) / 2;
    if middle == start { (range, None) } else { ((start, middle), Some((middle, end))) }
}

#[test]
#[expect(deprecated, reason = "rayon still has it")]
fn functions() {
    type Children = fn(&u32) -> Vec<u32>;
    type Halves = fn((u32, u32)) -> ((u32, u32), Option<(u32, u32)>);
    same!(indexed iter::Empty<u8>: none = () => rayon::iter::empty::<u8>());
    same!(indexed iter::Once<u8>: none = () => rayon::iter::once(7_u8));
    same!(indexed iter::RepeatN<u8>: none = () => rayon::iter::repeat_n(7_u8, 5));
    same!(indexed iter::RepeatN<u8>: none = () => rayon::iter::repeatn(7_u8, 5));
    same!(indexed iter::RepeatN<u8>: none = () => rayon::iter::repeat(7_u8).take(5));
    same!(iter::WalkTree<u32, Children>: f = children as Children => rayon::iter::walk_tree(1, f));
    same!(iter::WalkTreePrefix<u32, Children>:
        f = children as Children => rayon::iter::walk_tree_prefix(1, f));
    same!(iter::WalkTreePostfix<u32, Children>:
        f = children as Children => rayon::iter::walk_tree_postfix(1, f));
    // How often it splits is up to the number of workers, so one number at a time.
    same!(iter::Split<(u32, u32), Halves>:
        f = halves as Halves => rayon::iter::split((0, 1), f));
    let sum: u32 =
        iter::split((0, 100), halves).map(|(start, end)| (start..end).sum::<u32>()).sum();
    assert_eq!(sum, 4950);
}

#[test]
fn endless_repetition() {
    use iter::{Repeat, RepeatN, Zip};
    let repeat: Repeat<u8> = iter::repeat(7);
    assert_eq!(format!("{repeat:?}"), format!("{:?}", rayon::real::iter::repeat(7_u8)));
    assert_eq!(repeat.clone().find_any(|item| *item == 7), Some(7));
    let zipped: Zip<RepeatN<u8>, rayon::real::range::Iter<u8>> = repeat.zip(0..3);
    assert_eq!(zipped.collect::<Vec<_>>(), [(7, 0), (7, 1), (7, 2)]);
}

#[test]
fn bridges() {
    use rayon::prelude::*;
    let numbers = || numbers().into_iter().filter(odd);
    let bridge: rayon::iter::IterBridge<_> = numbers().par_bridge();
    let real = rayon::real::iter::ParallelBridge::par_bridge(numbers());
    assert_eq!(bridge.opt_len(), real.opt_len());
    let mut items: [Vec<u32>; 2] = [bridge.collect(), real.collect()];
    items.iter_mut().for_each(|items| items.sort_unstable());
    assert_eq!(items[0], items[1]);
    let texts = [
        format!("{:?}", [1, 2].into_iter().par_bridge()),
        format!("{:?}", rayon::real::iter::ParallelBridge::par_bridge([1, 2].into_iter())),
    ];
    assert_eq!(texts[0], texts[1]);
}

/// Sorts through the facade and through rayon; both give the order that is expected.
macro_rules! sorts {
    ($expected:expr, $v:ident => $sort:expr) => {{
        let ours = {
            use rayon::prelude::*;
            let mut $v = pairs();
            $sort;
            $v
        };
        let theirs = {
            use rayon::real::prelude::*;
            let mut $v = pairs();
            $sort;
            $v
        };
        assert_eq!(ours, theirs);
        assert_eq!(ours, $expected);
    }};
}

/// Few first numbers, each many times, and all second ones different.
fn pairs() -> Vec<(u32, u32)> {
    (0..5000_u32).map(|number| (number * 7919 % 10, number)).collect()
}

#[test]
fn sorts() {
    let mut sorted = pairs();
    sorted.sort();
    let mut falling = pairs();
    falling.sort_by_key(|pair| std::cmp::Reverse(pair.0));
    sorts!(sorted, v => v.par_sort());
    sorts!(falling, v => v.par_sort_by(|a, b| b.0.cmp(&a.0)));
    sorts!(sorted, v => v.par_sort_by_key(|pair| pair.0));
    sorts!(sorted, v => v.par_sort_by_cached_key(|pair| pair.0));
    sorts!(sorted, v => v.par_sort_unstable());
    sorts!(sorted, v => v.par_sort_unstable_by(|a, b| a.cmp(b)));
    sorts!(sorted, v => v.par_sort_unstable_by_key(|pair| *pair));
}

#[test]
fn either_and_plumbing_are_rayons_own() {
    use rayon::iter::{Either, plumbing};
    use rayon::prelude::*;
    let few = |few: bool| match few {
        true => Either::Left(rayon::iter::once(1_u32)),
        false => Either::Right(numbers().into_par_iter()),
    };
    assert_eq!([few(true).len(), few(false).len()], [1, 11]);
    assert_eq!(type_name::<dyn plumbing::Reducer<()>>(), {
        type_name::<dyn rayon::real::iter::plumbing::Reducer<()>>()
    });
}

#[test]
fn a_clone_is_the_same_source_again() {
    use rayon::prelude::*;
    let v = numbers();
    let once = v.par_chunks(2);
    assert_eq!(once.clone().count() + once.count(), 12);
}
