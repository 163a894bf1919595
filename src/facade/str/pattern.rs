//! What a string is split at or searched for.
//!
//! rayon's own trait for that cannot be named, so no function of the facade can be generic over it.
//! This one has the same implementors, for each of which rayon's types can be named.

use rayon::iter::ParallelIterator;
use rayon::str as real;
use rayon::str::ParallelString as Real;

/// What a string is split at or searched for. As rayon's it cannot be named outside, and so not be
/// implemented there.
pub trait Pattern: Sized + Sync + Send {
    /// What `par_split` returns.
    type Split<'ch>: ParallelIterator<Item = &'ch str>;
    /// What `par_split_inclusive` returns.
    type SplitInclusive<'ch>: ParallelIterator<Item = &'ch str>;
    /// What `par_split_terminator` returns.
    type SplitTerminator<'ch>: ParallelIterator<Item = &'ch str>;
    /// What `par_matches` returns.
    type Matches<'ch>: ParallelIterator<Item = &'ch str>;
    /// What `par_match_indices` returns.
    type MatchIndices<'ch>: ParallelIterator<Item = (usize, &'ch str)>;

    /// rayon's `par_split` at this pattern.
    fn split(self, text: &str) -> Self::Split<'_>;
    /// rayon's `par_split_inclusive` at this pattern.
    fn split_inclusive(self, text: &str) -> Self::SplitInclusive<'_>;
    /// rayon's `par_split_terminator` at this pattern.
    fn split_terminator(self, text: &str) -> Self::SplitTerminator<'_>;
    /// rayon's `par_matches` of this pattern.
    fn matches(self, text: &str) -> Self::Matches<'_>;
    /// rayon's `par_match_indices` of this pattern.
    fn match_indices(self, text: &str) -> Self::MatchIndices<'_>;
}

macro_rules! pattern {
    ($([$($parameter:tt)*] $Pattern:ty;)+) => {$(
        impl<$($parameter)*> Pattern for $Pattern {
            type Split<'ch> = real::Split<'ch, Self>;
            type SplitInclusive<'ch> = real::SplitInclusive<'ch, Self>;
            type SplitTerminator<'ch> = real::SplitTerminator<'ch, Self>;
            type Matches<'ch> = real::Matches<'ch, Self>;
            type MatchIndices<'ch> = real::MatchIndices<'ch, Self>;

            fn split(self, text: &str) -> Self::Split<'_> {
                Real::par_split(text, self)
            }

            fn split_inclusive(self, text: &str) -> Self::SplitInclusive<'_> {
                Real::par_split_inclusive(text, self)
            }

            fn split_terminator(self, text: &str) -> Self::SplitTerminator<'_> {
                Real::par_split_terminator(text, self)
            }

            fn matches(self, text: &str) -> Self::Matches<'_> {
                Real::par_matches(text, self)
            }

            fn match_indices(self, text: &str) -> Self::MatchIndices<'_> {
                Real::par_match_indices(text, self)
            }
        }
    )+};
}

pattern! {
    [] char;
    [] &[char];
    [const N: usize] [char; N];
    [const N: usize] &[char; N];
    [F: Fn(char) -> bool + Sync + Send] F;
}
