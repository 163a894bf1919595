//! What drives a parallel iterator, taken apart: one stage per consumer or callback, from the
//! source to the end.

use super::short::fitting;
use super::source::unwrapped;
use super::type_name::{Path, Type};
use super::words::{LONGEST, adaptor_word, snake_case};

/// A method of a chain.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) word: String,
    /// The iterator was the method's argument, not what it was called on.
    pub(super) is_argument: bool,
    /// Functions of rayon and the standard library that were passed to the method.
    pub(super) functions: Vec<Function<'a>>,
}

/// A function's name, and that of the function, trait or type that it is defined in.
pub(super) type Function<'a> = (&'a str, &'a str);

/// The stages that a consumer or callback holds.
pub(super) fn stages<'a>(consumer: &Type<'a>) -> Vec<Stage<'a>> {
    let mut stages = Vec::new();
    let mut next = Some(consumer);
    while let Some(ty) = next.map(unwrapped) {
        stages.extend(stage(ty));
        next = ty.as_path().and_then(inner);
    }
    stages
}

/// `None` for what rayon puts between callbacks and consumers.
fn stage<'a>(ty: &Type<'a>) -> Option<Stage<'a>> {
    let Some(path) = ty.as_path() else {
        let word = fitting(ty, LONGEST);
        return Some(Stage { word, is_argument: false, functions: Vec::new() });
    };
    if path.is_in(&["rayon", "iter", "plumbing"]) {
        return None;
    }
    let word = callback_word(path).or_else(|| rayons_word(path)).unwrap_or_else(|| own_word(path));
    let is_argument = is_rayons(path) && ["CallbackB", "CallbackJ"].contains(&path.name());
    let functions = path.arguments().iter().filter_map(function).collect();
    Some(Stage { word, is_argument, functions })
}

/// The word for a callback that is defined in a method of an adaptor, which rayon's all are.
fn callback_word(path: &Path<'_>) -> Option<String> {
    let adaptor = path.qualified.as_ref()?.of.as_path()?;
    path.name().starts_with("Callback").then(|| adaptor_word(adaptor.name()))
}

/// The word for one of rayon's types whose name does not say it.
fn rayons_word(path: &Path<'_>) -> Option<String> {
    if !is_rayons(path) {
        return None;
    }
    let first = || path.arguments().first()?.as_path();
    let word = match path.name() {
        "BlocksCallback" => match first()?.name() {
            "Repeat" => "by_uniform_blocks",
            _ => "by_exponential_blocks",
        },
        "CollectConsumer" | "ListVecConsumer" | "ListConsumer" | "ListStringConsumer" => "collect",
        // Which of the two is a value, not a type.
        "FindConsumer" if path.is_in(FIND_FIRST_LAST) => "find_first or find_last",
        "FindConsumer" => "find_any",
        "NoopConsumer" => "collect ()",
        // The iterator of an `Either` is given to the `par_extend` of a pair.
        "UnzipConsumer" if first()?.name() == "UnEither" => "par_extend",
        "UnzipConsumer" => return Some(snake_case(first()?.name())),
        _ => return None,
    };
    Some(word.to_owned())
}

const FIND_FIRST_LAST: &[&str] = &["rayon", "iter", "find_first_last"];

/// The type's own name as a word, or that of its module where it is just called `Consumer`.
fn own_word(path: &Path<'_>) -> String {
    let names = path.segments.iter().rev().map(|segment| segment.name.trim_matches(['{', '}']));
    let stems = names.map(|name| name.trim_end_matches("Consumer").trim_end_matches("Callback"));
    snake_case(stems.into_iter().find(|stem| !stem.is_empty()).unwrap_or("…"))
}

/// rayon's consumers that end a chain.
const LAST: &[&str] = &[
    "CollectConsumer",
    "FindConsumer",
    "ForEachConsumer",
    "ListConsumer",
    "ListStringConsumer",
    "ListVecConsumer",
    "NoopConsumer",
    "ProductConsumer",
    "ReduceConsumer",
    "SumConsumer",
    "TryReduceConsumer",
    "TryReduceWithConsumer",
    "UnzipConsumer",
];

/// What comes after this stage.
fn inner<'t, 'a>(path: &'t Path<'a>) -> Option<&'t Type<'a>> {
    let arguments = path.arguments();
    if !is_rayons(path) {
        return arguments.iter().find(|ty| looks_like_a_stage(ty));
    }
    match path.name() {
        last if LAST.contains(&last) => None,
        "BlocksCallback" | "TryFoldConsumer" => arguments.get(1),
        _ => arguments.first(),
    }
}

/// What an argument of a type that is not rayon's must look like to be taken for the next stage.
fn looks_like_a_stage(ty: &Type<'_>) -> bool {
    let Some(path) = unwrapped(ty).as_path() else { return false };
    path.name().ends_with("Consumer") || path.name().contains("Callback")
}

fn is_rayons(path: &Path<'_>) -> bool {
    let adaptor = path.qualified.as_ref().and_then(|qualified| qualified.of.as_path());
    adaptor.unwrap_or(path).is_in(&["rayon"])
}

/// What only brings a function into the form that `reduce_with` or `unzip` needs.
const AROUND_A_FUNCTION: &[&str] = &["opt_fold", "opt_reduce", "PartitionMap"];

/// The function or closure, if it is not the user's.
fn function<'a>(ty: &Type<'a>) -> Option<Function<'a>> {
    let path = match ty {
        Type::To(_, target) => target.as_path()?,
        _ => ty.as_path()?,
    };
    let as_trait = path.qualified.as_ref().and_then(|it| it.as_trait.as_ref()?.as_path());
    let modules = as_trait.iter().flat_map(|path| &path.segments);
    let names = modules.chain(&path.segments).filter(|segment| !segment.name.starts_with('{'));
    let names: Vec<_> = names.collect();
    let [root, .., outer, last] = &*names else { return None };
    let known = ["rayon", "core", "std"].contains(&root.name);
    let inside = last.arguments.last().filter(|_| AROUND_A_FUNCTION.contains(&last.name));
    let own = known.then_some((outer.name, last.name));
    inside.and_then(function).or(own)
}
