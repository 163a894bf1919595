//! What a parallel iterator goes over: rayon's sources by what the user gave to them, rayon's
//! adaptors by their methods, and other types by their names.

use super::short::{fitting, list, short};
use super::type_name::{Path, Type};
use super::words::{adaptor_word, snake_case};

/// How long a source may be. With a long word and the arrows it fits into a description.
const LONGEST: usize = 60;

/// The source under all adaptors, and the adaptors' words in the order they were called.
pub(super) fn source(ty: &Type<'_>) -> (String, Vec<String>) {
    let mut words = Vec::new();
    let mut ty = unwrapped(ty);
    while let Some((word, inner)) = adaptor(ty) {
        words.push(word);
        ty = unwrapped(inner);
    }
    words.reverse();
    (fitting(ty, LONGEST), words)
}

/// What the facade's own types are around.
pub(super) fn unwrapped<'t, 'a>(ty: &'t Type<'a>) -> &'t Type<'a> {
    let mut ty = ty;
    while let Some(inner) = ty.as_path().filter(|path| is_ours(path)).and_then(first_argument) {
        ty = inner;
    }
    ty
}

/// Whether a type is the facade's, or is defined in a method of one of its types.
fn is_ours(path: &Path<'_>) -> bool {
    let around = path.qualified.as_ref().and_then(|qualified| qualified.of.as_path());
    around.unwrap_or(path).is_in(&["rayprism", "facade"])
}

fn first_argument<'t, 'a>(path: &'t Path<'a>) -> Option<&'t Type<'a>> {
    path.arguments().first()
}

/// One of rayon's adaptors, all of which have their base as first argument.
fn adaptor<'t, 'a>(ty: &'t Type<'a>) -> Option<(String, &'t Type<'a>)> {
    let path = ty.as_path().filter(|path| path.is_in(&["rayon", "iter"]))?;
    if known(path, 0).is_some() {
        return None;
    }
    Some((adaptor_word(path.name()), first_argument(path)?))
}

/// One of rayon's sources.
pub(super) fn known(path: &Path<'_>, depth: usize) -> Option<String> {
    if !path.is_in(&["rayon"]) {
        return None;
    }
    let [_, modules @ .., last] = &*path.segments else { return None };
    let (outer, inner) = (modules.first()?.name, modules.last()?.name);
    let method = snake_case(last.name);
    match outer {
        "iter" => made(path, depth),
        "slice" => Some(of_slice(last.name, &short(first_argument(path)?, depth))),
        "str" => Some(format!("{method} of str")),
        "string" => Some(format!("{method} of String")),
        "array" => of_array(&last.arguments, depth),
        _ => of_container(last.name, inner, &list(&last.arguments, depth)),
    }
}

/// Sources that are made by functions of `rayon::iter`.
fn made(path: &Path<'_>, depth: usize) -> Option<String> {
    let name = path.name();
    let of = || first_argument(path).map(|of| short(of, depth));
    match name {
        "Empty" | "Once" | "Repeat" | "RepeatN" => Some(snake_case(name)),
        "WalkTree" | "WalkTreePrefix" | "WalkTreePostfix" => Some(snake_case(name)),
        "IterBridge" => Some(format!("par_bridge of {}", of()?)),
        "Split" => Some(format!("split of {}", of()?)),
        "MultiZip" => of(),
        _ => None,
    }
}

/// The elements of a slice, or parts of it.
fn of_slice(name: &str, element: &str) -> String {
    let (name, slice) = match name.strip_suffix("Mut") {
        Some(name) => (name, format!("&mut [{element}]")),
        None => (name, format!("&[{element}]")),
    };
    match name {
        "Iter" => slice,
        parts => format!("{} of {slice}", snake_case(parts)),
    }
}

fn of_array(arguments: &[Type<'_>], depth: usize) -> Option<String> {
    let [element, length] = arguments else { return None };
    Some(format!("[{}; {}]", short(element, depth), short(length, depth)))
}

/// The module of rayon that holds the iterators of a type, and that type.
const CONTAINERS: &[(&str, &str)] = &[
    ("binary_heap", "BinaryHeap"),
    ("btree_map", "BTreeMap"),
    ("btree_set", "BTreeSet"),
    ("hash_map", "HashMap"),
    ("hash_set", "HashSet"),
    ("linked_list", "LinkedList"),
    ("option", "Option"),
    ("range", "Range"),
    ("range_inclusive", "RangeInclusive"),
    ("result", "Result"),
    ("vec", "Vec"),
    ("vec_deque", "VecDeque"),
];

fn of_container(name: &str, module: &str, arguments: &str) -> Option<String> {
    let (_, container) = CONTAINERS.iter().find(|(holder, _)| *holder == module)?;
    let how = match name {
        // Ranges are copied, not borrowed.
        "Iter" if container.starts_with("Range") => "",
        "IntoIter" => "",
        "Iter" => "&",
        "IterMut" => "&mut ",
        "Drain" => "drain of ",
        _ => return None,
    };
    // The iterators of a result do not know the type of its errors.
    let errors = if *container == "Result" { ", _" } else { "" };
    Some(format!("{how}{container}<{arguments}{errors}>"))
}
