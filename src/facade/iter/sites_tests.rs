//! Every source points to the line of the program that made it.

use std::collections::{BinaryHeap, HashMap};
use std::panic::Location;

use super::Traced;
use crate::facade as rayon;
use crate::facade::prelude::*;

#[track_caller]
fn here<I>(source: Traced<I>) {
    let here = Location::caller();
    assert_eq!((source.site.file(), source.site.line()), (here.file(), here.line()));
}

#[test]
fn of_what_turns_into_sources() {
    let mut v = vec![1, 2, 3];
    here(v.par_iter());
    here(v.par_iter_mut());
    here((&v, 0..3).into_par_iter());
    here((0..3).into_par_iter().into_par_iter());
    here(v.iter().par_bridge());
    here(v.par_drain(..));
    here(BinaryHeap::from(v).par_drain());
    here(HashMap::<u8, u8>::new().into_par_iter());
}

/// A type of the program, in whose impl a source is made.
struct Rows(Vec<u32>);

impl<'data> IntoParallelIterator for &'data Rows {
    type Iter = rayon::slice::Iter<'data, u32>;
    type Item = &'data u32;

    fn into_par_iter(self) -> Self::Iter {
        self.0.par_iter()
    }
}

impl ParallelDrainFull for &mut Rows {
    type Iter = rayon::vec::IntoIter<u32>;
    type Item = u32;

    fn par_drain(self) -> Self::Iter {
        std::mem::take(&mut self.0).into_par_iter()
    }
}

#[test]
fn of_types_of_the_program_are_those_of_the_loops_over_them() {
    let mut rows = Rows(vec![1]);
    here(rows.par_iter());
    here((&rows).into_par_iter());
    here(rows.par_drain());
}

#[test]
#[expect(deprecated, reason = "rayon still has it")]
fn of_functions() {
    let children = |node: &u32| [*node; 0];
    here(rayon::iter::empty::<u8>());
    here(rayon::iter::once(1));
    here(rayon::iter::repeat(1));
    here(rayon::iter::repeat(1).take(2));
    here(rayon::iter::repeat_n(1, 2));
    here(rayon::iter::repeatn(1, 2));
    here(rayon::iter::split(1, |one| (one, None)));
    here(rayon::iter::walk_tree(1, children));
    here(rayon::iter::walk_tree_prefix(1, children));
    here(rayon::iter::walk_tree_postfix(1, children));
}

#[test]
fn of_slices() {
    let mut v = [1, 2, 3];
    here(v.par_split(|item| *item == 2));
    here(v.par_split_mut(|item| *item == 2));
    here(v.par_split_inclusive(|item| *item == 2));
    here(v.par_split_inclusive_mut(|item| *item == 2));
    here(v.par_windows(2));
    here(v.par_array_windows::<2>());
    here(v.par_chunks(2));
    here(v.par_chunks_mut(2));
    here(v.par_chunks_exact(2));
    here(v.par_chunks_exact_mut(2));
    here(v.par_rchunks(2));
    here(v.par_rchunks_mut(2));
    here(v.par_rchunks_exact(2));
    here(v.par_rchunks_exact_mut(2));
    here(v.par_chunk_by(|a, b| a < b));
    here(v.par_chunk_by_mut(|a, b| a < b));
}

#[test]
fn of_strings() {
    let mut s = "a b".to_owned();
    here(s.par_chars());
    here(s.par_char_indices());
    here(s.par_bytes());
    here(s.par_encode_utf16());
    here(s.par_split(' '));
    here(s.par_split_inclusive(' '));
    here(s.par_split_terminator(' '));
    here(s.par_lines());
    here(s.par_split_whitespace());
    here(s.par_split_ascii_whitespace());
    here(s.par_matches(' '));
    here(s.par_match_indices(' '));
    here(s.par_drain(..));
}
