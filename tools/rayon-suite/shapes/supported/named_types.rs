//! Signatures and fields that name rayon's concrete iterators.

use rayon::iter::{Chain, Enumerate, Filter, Map, Rev, Zip};
use rayon::prelude::*;

struct Cursor<'data, T: Sync> {
    rest: rayon::slice::Iter<'data, T>,
}

#[test]
fn in_a_field() {
    let items = [1, 2, 3];
    let cursor = Cursor { rest: items.par_iter() };
    assert_eq!(cursor.rest.clone().sum::<u32>() + cursor.rest.max().unwrap(), 9);
}

fn of_a_vec(items: Vec<u32>) -> rayon::vec::IntoIter<u32> {
    items.into_par_iter()
}

fn of_a_range(end: u64) -> rayon::range::Iter<u64> {
    (0..end).into_par_iter()
}

fn of_an_option(item: Option<u32>) -> rayon::option::IntoIter<u32> {
    item.into_par_iter()
}

fn of_chunks(items: &[u32]) -> rayon::slice::Chunks<'_, u32> {
    items.par_chunks(2)
}

fn of_a_map(
    items: &std::collections::HashMap<u32, u32>,
) -> rayon::collections::hash_map::Iter<'_, u32, u32> {
    items.par_iter()
}

fn of_a_bridge(items: std::vec::IntoIter<u32>) -> rayon::iter::IterBridge<std::vec::IntoIter<u32>> {
    items.par_bridge()
}

#[test]
fn of_sources() {
    assert_eq!(of_a_vec(vec![1, 2]).sum::<u32>(), 3);
    assert_eq!(of_a_range(4).sum::<u64>(), 6);
    assert_eq!(of_an_option(Some(1)).count(), 1);
    assert_eq!(of_chunks(&[1, 2, 3]).len(), 2);
    assert_eq!(of_a_map(&[(1, 2)].into()).map(|(key, value)| key + value).sum::<u32>(), 3);
    assert_eq!(of_a_bridge(vec![1, 2].into_iter()).sum::<u32>(), 3);
}

fn lengths<'data, F>(items: &'data [String], of: F) -> Map<rayon::slice::Iter<'data, String>, F>
where
    F: Fn(&'data String) -> usize + Sync + Send,
{
    items.par_iter().map(of)
}

type Numbered<'data, T> = Enumerate<Rev<rayon::slice::Iter<'data, T>>>;

fn numbered(items: &[u32]) -> Numbered<'_, u32> {
    items.par_iter().rev().enumerate()
}

fn even(items: Vec<u32>) -> Filter<rayon::vec::IntoIter<u32>, fn(&u32) -> bool> {
    items.into_par_iter().filter(|x| x % 2 == 0)
}

fn paired(items: &[u32]) -> Zip<rayon::slice::Iter<'_, u32>, rayon::slice::Iter<'_, u32>> {
    items.par_iter().zip(items.par_iter())
}

fn both(end: u32) -> Chain<rayon::range::Iter<u32>, rayon::vec::IntoIter<u32>> {
    (0..end).into_par_iter().chain(vec![end].into_par_iter())
}

#[test]
fn of_adaptors() {
    let words = ["a", "bc"].map(String::from);
    assert_eq!(lengths(&words, |word| word.len()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(numbered(&[5, 6]).collect::<Vec<_>>(), [(0, &6), (1, &5)]);
    assert_eq!(even(vec![1, 2]).collect::<Vec<_>>(), [2]);
    assert_eq!(paired(&[3]).collect::<Vec<_>>(), [(&3, &3)]);
    assert_eq!(both(2).collect::<Vec<_>>(), [0, 1, 2]);
}

fn by_projection(items: &Vec<u32>) -> <&Vec<u32> as IntoParallelIterator>::Iter {
    items.par_iter()
}

#[test]
fn by_the_name_of_their_trait() {
    assert_eq!(by_projection(&vec![1, 2]).sum::<u32>(), 3);
}
