//! Names that were typed wrong: the nearest right one.

/// "did you mean …?" where a known name is near, and all known names.
pub(super) fn hint(typed: &str, known: &[&str], all: &str) -> String {
    let list = list(known);
    match nearest(typed, known) {
        Some(name) => format!("did you mean {name}? {all}: {list}"),
        None => format!("{all}: {list}"),
    }
}

/// All of them.
pub(super) fn list(known: &[&str]) -> String {
    known.join(", ")
}

/// The known name that differs least, if it differs by no more than a third of its letters or
/// continues what was typed.
fn nearest<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |name: &str| strsim::damerau_levenshtein(typed, name);
    let begun = |name: &str| typed.len() >= 2 && name.starts_with(typed);
    let close = |name: &str| distance(name) * 3 <= name.chars().count();
    known
        .iter()
        .copied()
        .filter(|name| begun(name) || close(name))
        .min_by_key(|name| distance(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 3] = ["serial", "join", "join-cutoff"];

    #[test]
    fn slips_of_a_few_letters_and_beginnings_are_near() {
        let found = ["serail", "jion", "join-cut-off", "ser", "joi"].map(|t| nearest(t, &KNOWN));
        let expected = ["serial", "join", "join-cutoff", "serial", "join"];
        assert_eq!(found, expected.map(Some));
    }

    #[test]
    fn other_words_are_not() {
        for typed in ["", "x", "tokio", "matmul"] {
            assert_eq!(nearest(typed, &KNOWN), None, "{typed}");
        }
    }

    #[test]
    fn the_list_is_always_there() {
        assert_eq!(hint("tokio", &KNOWN, "variants"), "variants: serial, join, join-cutoff");
    }
}
