//! From the names of rayon's types to the names of the methods that make them.

use super::short::cut;

/// How long a word may be. Only types that are not rayon's have longer names.
pub(super) const LONGEST: usize = 40;

/// The method that makes the adaptor of this name.
pub(super) fn adaptor_word(name: &str) -> String {
    match name {
        "MinLen" => "with_min_len".to_owned(),
        "MaxLen" => "with_max_len".to_owned(),
        "ExponentialBlocks" => "by_exponential_blocks".to_owned(),
        "UniformBlocks" => "by_uniform_blocks".to_owned(),
        "UnzipA" | "UnzipB" => "unzip".to_owned(),
        _ => snake_case(name),
    }
}

/// `FilterMap` → `filter_map`, `RChunks` → `rchunks`, `EncodeUtf16` → `encode_utf16`.
pub(super) fn snake_case(name: &str) -> String {
    let mut word = String::new();
    let mut after_small = false;
    for c in name.chars() {
        if c.is_uppercase() && after_small {
            word.push('_');
        }
        after_small = c.is_lowercase() || c.is_numeric();
        word.extend(c.to_lowercase());
    }
    cut(&word, LONGEST)
}
