//! Types as a reader wants them: no modules, rayon's sources as what they go over, and an ellipsis
//! for what lies too deep.

use super::source;
use super::type_name::{Path, Type};

/// How many pairs of brackets are opened, at most, before there is an ellipsis.
const DEEPEST: usize = 4;

/// The type in at most `longest` characters, as deep as they reach.
pub(super) fn fitting(ty: &Type<'_>, longest: usize) -> String {
    let candidates = (0..=DEEPEST).rev().map(|depth| short(ty, depth));
    let fits = |text: &String| text.chars().count() <= longest;
    candidates.into_iter().find(fits).unwrap_or_else(|| cut(&short(ty, 0), longest))
}

/// At most `longest` characters of the text, the last one an ellipsis if there are more.
pub(super) fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest - 1).chain(['…']).collect()
}

/// The type with `depth` pairs of brackets open.
pub(super) fn short(ty: &Type<'_>, depth: usize) -> String {
    match source::unwrapped(ty) {
        Type::Path(path) => short_path(path, depth),
        Type::To(prefix, target) => format!("{prefix}{}", short(target, depth)),
        Type::Slice(of) => format!("[{}]", short(of, depth)),
        Type::Array(of, length) => format!("[{}; {}]", short(of, depth), short(length, depth)),
        Type::Tuple(parts) => short_tuple(parts, depth),
        Type::Dyn(bounds) => format!("dyn {}", joined(bounds, " + ", depth)),
        Type::Binding(name, value) => format!("{name} = {}", short(value, depth)),
        Type::Text(text) => (*text).to_owned(),
    }
}

/// What stands between a pair of brackets.
pub(super) fn list(types: &[Type<'_>], depth: usize) -> String {
    match depth.checked_sub(1) {
        Some(depth) => joined(types, ", ", depth),
        None if types.is_empty() => String::new(),
        None => "…".to_owned(),
    }
}

fn joined(types: &[Type<'_>], between: &str, depth: usize) -> String {
    let parts: Vec<String> = types.iter().map(|ty| short(ty, depth)).collect();
    parts.join(between)
}

fn short_tuple(parts: &[Type<'_>], depth: usize) -> String {
    let comma = if parts.len() == 1 && depth > 0 { "," } else { "" };
    format!("({}{comma})", list(parts, depth))
}

fn short_path(path: &Path<'_>, depth: usize) -> String {
    if let Some(text) = source::known(path, depth) {
        return text;
    }
    match (path.segments.last(), &path.qualified) {
        (Some(last), _) => {
            let name = last.name.trim_matches(['{', '}', ' ']);
            let arguments = if last.arguments.is_empty() {
                String::new()
            } else {
                format!("<{}>", list(&last.arguments, depth))
            };
            name.to_owned() + &arguments + &signature(path, depth)
        }
        (None, Some(qualified)) => short(&qualified.of, depth),
        (None, None) => String::new(),
    }
}

/// `(A) -> B`, where the path is a function pointer or the trait of one.
fn signature(path: &Path<'_>, depth: usize) -> String {
    let Some(signature) = path.segments.last().and_then(|last| last.signature.as_ref()) else {
        return String::new();
    };
    let inputs = list(&signature.inputs, depth);
    match &signature.output {
        Some(output) => format!("({inputs}) -> {}", short(output, depth)),
        None => format!("({inputs})"),
    }
}
