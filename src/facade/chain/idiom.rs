//! Methods that rayon builds of other methods, recognised by the functions it passes to them.

use super::stage::Stage;

/// What stands for a method in the types: words, and the function that proves it or nothing.
type Stages = &'static [(&'static str, &'static str)];

/// Stages, and the method that the user called. Nothing, where they belong to what is after them.
///
/// A stage with the same function may be part of several: the longer ones come first.
const IDIOMS: &[(Stages, &str)] = &[
    (&[("map", "from_par_iter::ok"), ("while_some", "")], ""),
    (&[("inspect", "from_par_iter::check"), ("while_some", "")], ""),
    (&[("partition_map", "from_par_iter::identity")], "collect"),
    (&[("map", "drive::flatten")], ""),
    (&[("map", "with_producer::flatten")], ""),
    (&[("map", "count::one"), ("sum", "")], "count"),
    (&[("zip", ""), ("map", "eq::eq"), ("find_any", "all::is_false")], "eq"),
    (&[("zip", ""), ("map", "cmp::ordering"), (FIRST_OR_LAST, "cmp::inequal")], "cmp"),
    (
        &[("zip", ""), ("map", "partial_cmp::ordering"), (FIRST_OR_LAST, "partial_cmp::inequal")],
        "partial_cmp",
    ),
    (&[("map", ""), ("find_any", "Clone::clone")], "any"),
    (&[("map", ""), ("find_any", "all::is_false")], "all"),
    (&[("filter_map", ""), ("find_any", "find_map_any::yes")], "find_map_any"),
    (&[("filter_map", ""), (FIRST_OR_LAST, "find_map_first::yes")], "find_map_first"),
    (&[("filter_map", ""), (FIRST_OR_LAST, "find_map_last::yes")], "find_map_last"),
    (&[("map", ""), ("enumerate", ""), ("find_any", "position_any::check")], "position_any"),
    (&[("map", ""), ("enumerate", ""), (FIRST_OR_LAST, "position_first::check")], "position_first"),
    (&[("map", ""), ("enumerate", ""), (FIRST_OR_LAST, "position_last::check")], "position_last"),
    (&[("map_with", ""), ("collect ()", "")], "for_each_with"),
    (&[("map_init", ""), ("collect ()", "")], "for_each_init"),
    (&[("map", ""), ("try_reduce", "try_for_each::ok")], "try_for_each"),
    (&[("map_with", ""), ("try_reduce", "try_for_each_with::ok")], "try_for_each_with"),
    (&[("map_init", ""), ("try_reduce", "try_for_each_init::ok")], "try_for_each_init"),
    (&[("map", "min_by_key::key"), ("fold", ""), ("reduce", "min_by_key::min_key")], "min_by_key"),
    (&[("map", "max_by_key::key"), ("fold", ""), ("reduce", "max_by_key::max_key")], "max_by_key"),
    (&[("fold", ""), ("reduce", "min_by::min")], "min_by"),
    (&[("fold", ""), ("reduce", "max_by::max")], "max_by"),
    (&[("fold", "Ord::min"), ("reduce", "Ord::min")], "min"),
    (&[("fold", "Ord::max"), ("reduce", "Ord::max")], "max"),
    (&[("fold", ""), ("reduce", "reduce_with::opt_reduce")], "reduce_with"),
];

/// rayon has one consumer for both.
const FIRST_OR_LAST: &str = "find_first or find_last";

/// The words for the stages, with the methods that the user called where the types prove them.
pub(super) fn as_written(mut stages: Vec<Stage<'_>>) -> Vec<String> {
    for (idiom, written) in IDIOMS {
        while let Some(at) = stages.windows(idiom.len()).position(|part| is(part, idiom)) {
            let is_argument = stages[at].is_argument;
            let word = (*written).to_owned();
            let stage = Stage { word, is_argument, functions: Vec::new() };
            let replacement = (!written.is_empty()).then_some(stage);
            stages.splice(at..at + idiom.len(), replacement);
        }
    }
    stages.into_iter().map(word).collect()
}

fn is(stages: &[Stage<'_>], idiom: Stages) -> bool {
    stages.iter().zip(idiom).all(|(stage, (word, function))| {
        let has = |(outer, name): &(&str, &str)| function.split_once("::") == Some((outer, name));
        stage.word == *word && (function.is_empty() || stage.functions.iter().any(has))
    })
}

fn word(stage: Stage<'_>) -> String {
    match &*stage.word {
        "chain" if stage.is_argument => "chained".to_owned(),
        "interleave" if stage.is_argument => "interleaved".to_owned(),
        "zip" if stage.is_argument => "zipped".to_owned(),
        _ => stage.word,
    }
}
