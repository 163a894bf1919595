//! What a parallel iterator does, in words: from the names of the types that rayon composes of it.
//!
//! A parallel iterator that is driven knows two types: its own, which is the source with the
//! adaptors under it, and that of the consumer (or, under indexed adaptors, of the callback) that
//! drives it, which holds all that comes after it, from the outside in. The words are the methods
//! as the user called them. rayon builds some methods of others; the functions that it passes to
//! them are named after the method, and where such a name proves it, that method is the word.
//!
//! The compiler promises nothing about the names of types, and so nothing here fails: what is not
//! understood is shown by its short name.

mod idiom;
mod short;
mod source;
mod stage;
mod type_name;
mod words;

#[cfg(test)]
mod chain_tests;

use short::cut;

/// How long a description may be, in characters.
const LONGEST: usize = 120;

const ARROW: &str = " → ";
const ELLIPSIS: &str = "…";

/// What a parallel iterator's operation is, in words: `Range<u64> → map → sum`.
///
/// `source` is the [`std::any::type_name`] of the iterator that is driven, `consumer` that of the
/// consumer or the producer callback that drives it. The text is never empty and has at most 120
/// characters; words in its middle give way to an ellipsis.
///
/// An iterator that was the argument of a method says so by a participle: `a.zip(b).count()` is
/// `… → zip → count` for `a` and `… → zipped → count` for `b`.
pub(super) fn describe(source: &str, consumer: &str) -> String {
    let (from, mut words) = source::source(&type_name::parse(source));
    let consumer = type_name::parse(consumer);
    words.extend(idiom::as_written(stage::stages(&consumer)));
    words.retain(|word| !word.is_empty());
    let from = if from.is_empty() { ELLIPSIS.to_owned() } else { from };
    let whole = joined(&from, &words);
    if length(&whole) <= LONGEST { whole } else { elided(&from, &words) }
}

/// As many words as fit, then an ellipsis, then the last word.
fn elided(from: &str, words: &[String]) -> String {
    let Some((last, before)) = words.split_last() else { return cut(from, LONGEST) };
    let mut end = vec![ELLIPSIS.to_owned(), last.clone()];
    // What lies too deep in the types is an ellipsis of its own.
    end.dedup();
    let with = |count: usize| joined(from, &[&before[..count], &end].concat());
    let counts = (1..=before.len()).take_while(|count| length(&with(*count)) <= LONGEST);
    with(counts.last().unwrap_or(0))
}

fn joined(from: &str, words: &[String]) -> String {
    words.iter().fold(from.to_owned(), |text, word| text + ARROW + word)
}

fn length(text: &str) -> usize {
    text.chars().count()
}
