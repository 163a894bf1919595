//! `ParallelString`: what can be read as text in parallel.

use rayon::str::ParallelString as Real;

use super::pattern::Pattern;
use super::{Bytes, CharIndices, Chars, EncodeUtf16, Lines, SplitAsciiWhitespace, SplitWhitespace};
use crate::facade::iter::{Traced, traced};

/// [`rayon::str::ParallelString`], whose sources are traced.
pub trait ParallelString {
    /// The plain string slice that all other methods use.
    fn as_parallel_string(&self) -> &str;

    /// The characters.
    #[track_caller]
    fn par_chars(&self) -> Chars<'_> {
        traced(Real::par_chars(self.as_parallel_string()))
    }

    /// The characters, each after its position.
    #[track_caller]
    fn par_char_indices(&self) -> CharIndices<'_> {
        traced(Real::par_char_indices(self.as_parallel_string()))
    }

    /// The bytes, those of one character on one worker.
    #[track_caller]
    fn par_bytes(&self) -> Bytes<'_> {
        traced(Real::par_bytes(self.as_parallel_string()))
    }

    /// The text as UTF-16.
    #[track_caller]
    fn par_encode_utf16(&self) -> EncodeUtf16<'_> {
        traced(Real::par_encode_utf16(self.as_parallel_string()))
    }

    /// The parts between matches.
    #[track_caller]
    fn par_split<P: Pattern>(&self, separator: P) -> Traced<P::Split<'_>> {
        traced(separator.split(self.as_parallel_string()))
    }

    /// The parts between matches, each with the match that ends it.
    #[track_caller]
    fn par_split_inclusive<P: Pattern>(&self, separator: P) -> Traced<P::SplitInclusive<'_>> {
        traced(separator.split_inclusive(self.as_parallel_string()))
    }

    /// The parts that end with a match or with the text.
    #[track_caller]
    fn par_split_terminator<P: Pattern>(&self, terminator: P) -> Traced<P::SplitTerminator<'_>> {
        traced(terminator.split_terminator(self.as_parallel_string()))
    }

    /// The lines, without what ends them.
    #[track_caller]
    fn par_lines(&self) -> Lines<'_> {
        traced(Real::par_lines(self.as_parallel_string()))
    }

    /// The words between Unicode whitespace.
    #[track_caller]
    fn par_split_whitespace(&self) -> SplitWhitespace<'_> {
        traced(Real::par_split_whitespace(self.as_parallel_string()))
    }

    /// The words between ASCII whitespace.
    #[track_caller]
    fn par_split_ascii_whitespace(&self) -> SplitAsciiWhitespace<'_> {
        traced(Real::par_split_ascii_whitespace(self.as_parallel_string()))
    }

    /// The parts that match.
    #[track_caller]
    fn par_matches<P: Pattern>(&self, pattern: P) -> Traced<P::Matches<'_>> {
        traced(pattern.matches(self.as_parallel_string()))
    }

    /// The parts that match, each after its position.
    #[track_caller]
    fn par_match_indices<P: Pattern>(&self, pattern: P) -> Traced<P::MatchIndices<'_>> {
        traced(pattern.match_indices(self.as_parallel_string()))
    }
}

impl<S: Real + ?Sized> ParallelString for S {
    fn as_parallel_string(&self) -> &str {
        Real::as_parallel_string(self)
    }
}
