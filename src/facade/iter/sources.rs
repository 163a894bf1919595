//! The functions that make sources, and the names of those.

use rayon::iter as real;

use super::{aliases, traced};

aliases! {
    Empty<T>, Once<T>, Repeat<T>, RepeatN<T>, MultiZip<T>, Split<D, S>,
    WalkTree<S, B>, WalkTreePrefix<S, B>, WalkTreePostfix<S, B>,
}

/// [`rayon::iter::empty`], traced.
#[track_caller]
pub fn empty<T: Send>() -> Empty<T> {
    traced(real::empty())
}

/// [`rayon::iter::once`], traced.
#[track_caller]
pub fn once<T: Send>(item: T) -> Once<T> {
    traced(real::once(item))
}

/// [`rayon::iter::repeat`], traced.
#[track_caller]
pub fn repeat<T: Clone + Send>(element: T) -> Repeat<T> {
    traced(real::repeat(element))
}

/// [`rayon::iter::repeat_n`], traced.
#[track_caller]
pub fn repeat_n<T: Clone + Send>(element: T, n: usize) -> RepeatN<T> {
    traced(real::repeat_n(element, n))
}

/// [`repeat_n`] by its old name.
#[deprecated(note = "use `repeat_n`")]
#[track_caller]
pub fn repeatn<T: Clone + Send>(element: T, n: usize) -> RepeatN<T> {
    repeat_n(element, n)
}

/// [`rayon::iter::split`], traced.
#[track_caller]
pub fn split<D, S>(data: D, splitter: S) -> Split<D, S>
where
    D: Send,
    S: Fn(D) -> (D, Option<D>) + Sync,
{
    traced(real::split(data, splitter))
}

/// [`rayon::iter::walk_tree`], traced.
#[track_caller]
pub fn walk_tree<S, B, I>(root: S, children_of: B) -> WalkTree<S, B>
where
    S: Send,
    B: Fn(&S) -> I + Send + Sync,
    I: IntoIterator<Item = S, IntoIter: DoubleEndedIterator>,
{
    traced(real::walk_tree(root, children_of))
}

/// [`rayon::iter::walk_tree_prefix`], traced.
#[track_caller]
pub fn walk_tree_prefix<S, B, I>(root: S, children_of: B) -> WalkTreePrefix<S, B>
where
    S: Send,
    B: Fn(&S) -> I + Send + Sync,
    I: IntoIterator<Item = S, IntoIter: DoubleEndedIterator>,
{
    traced(real::walk_tree_prefix(root, children_of))
}

/// [`rayon::iter::walk_tree_postfix`], traced.
#[track_caller]
pub fn walk_tree_postfix<S, B, I>(root: S, children_of: B) -> WalkTreePostfix<S, B>
where
    S: Send,
    B: Fn(&S) -> I + Send + Sync,
    I: IntoIterator<Item = S>,
{
    traced(real::walk_tree_postfix(root, children_of))
}
