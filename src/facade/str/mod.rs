//! Parallel iterators over strings.
//!
//! What a string is split at or searched for is a `char`, `&[char]`, `[char; N]`, `&[char; N]`, or
//! any function `Fn(char) -> bool + Sync + Send`, as with rayon.

mod pattern;
mod text;

use rayon::str as real;

use super::aliases::aliases;

pub use text::ParallelString;

aliases! {
    Chars<'ch>, CharIndices<'ch>, Bytes<'ch>, EncodeUtf16<'ch>,
    Lines<'ch>, SplitWhitespace<'ch>, SplitAsciiWhitespace<'ch>,
    Split<'ch, P>, SplitInclusive<'ch, P>, SplitTerminator<'ch, P>,
    Matches<'ch, P>, MatchIndices<'ch, P>,
}
