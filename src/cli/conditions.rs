//! Conditions of `compare --fail-if`: from what was typed to what is looked for.

use anyhow::anyhow;

use super::failure::Failure;
use super::names;
use crate::analysis::Component;
use crate::analysis::compare::{Condition, Limit};

/// Each condition with its text.
pub(super) fn parse_all(typed: &[String]) -> Result<Vec<(String, Condition)>, Failure> {
    typed.iter().map(|text| Ok((text.clone(), parse(text)?))).collect()
}

fn parse(text: &str) -> Result<Condition, Failure> {
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let Some(at) = bare.find(['<', '>']) else {
        return Err(refused(text, "has neither < nor >", FORMS));
    };
    let (name, above, limit) = (&bare[..at], bare[at..].starts_with('>'), &bare[at + 1..]);
    match name {
        "slowdown" if above => share(limit)
            .filter(|share| *share >= 0.0)
            .map(Condition::Slowdown)
            .ok_or_else(|| not_a_limit(text, limit, "a slowdown", "slowdown>5%")),
        "slowdown" => Err(refused(text, "asks for a slowdown that is small", "type slowdown>5%")),
        "speedup" if !above => factor(limit)
            .map(Condition::SpeedUpBelow)
            .ok_or_else(|| not_a_limit(text, limit, "a speed-up", "speedup<1.5x")),
        "speedup" => Err(refused(text, "asks for a speed-up that is great", "type speedup<1.5x")),
        name => {
            let component = component(text, name)?;
            let limit = component_limit(limit).ok_or_else(|| {
                let example = format!("{name}>10%, {name}>0.5cores or {name}>+0.5cores");
                not_a_limit(text, limit, "a component", &example)
            })?;
            Ok(Condition::Component { component, above, limit })
        }
    }
}

const FORMS: &str = "type slowdown>5%, speedup<1.5x, COMPONENT>10% or COMPONENT>+0.5cores";

fn refused(text: &str, what: &str, next: &str) -> Failure {
    Failure::usage(anyhow!("--fail-if '{text}' {what}"), next)
}

fn not_a_limit(text: &str, limit: &str, of: &str, example: &str) -> Failure {
    let error = anyhow!("--fail-if '{text}': '{limit}' is no limit on {of}");
    Failure::usage(error, format!("type {example}"))
}

fn component(text: &str, name: &str) -> Result<Component, Failure> {
    let known: Vec<String> = Component::ALL.iter().map(|&component| key(component)).collect();
    if let Some(at) = known.iter().position(|key| key == name) {
        return Ok(Component::ALL[at]);
    }
    let mut names: Vec<&str> = vec!["slowdown", "speedup"];
    names.extend(known.iter().map(String::as_str));
    let error = anyhow!("--fail-if '{text}': there is no '{name}' to compare");
    Err(Failure::usage(error, names::hint(name, &names, "known")))
}

/// A component's name, as it stands in the JSON.
fn key(component: Component) -> String {
    match serde_json::to_value(component) {
        Ok(serde_json::Value::String(key)) => key,
        // A unit variant is a string.
        _ => component.name().to_owned(),
    }
}

/// With a sign, the limit is on the difference.
fn component_limit(text: &str) -> Option<Limit> {
    let relative = text.starts_with(['+', '-']);
    if let Some(share) = share(text) {
        return Some(if relative { Limit::ShareMore(share) } else { Limit::Share(share) });
    }
    let cores = text.strip_suffix("cores").or_else(|| text.strip_suffix("core"))?;
    let cores = number(cores)?;
    Some(if relative { Limit::CoresMore(cores) } else { Limit::Cores(cores) })
}

/// `5%` as 0.05.
fn share(text: &str) -> Option<f64> {
    text.strip_suffix('%').and_then(number).map(|percent| percent / 100.0)
}

/// `1.5x` as 1.5.
fn factor(text: &str) -> Option<f64> {
    let text = text.strip_suffix('x').or_else(|| text.strip_suffix('×'))?;
    number(text).filter(|factor| *factor > 0.0)
}

fn number(text: &str) -> Option<f64> {
    // Not the infinities, which the standard library reads as well.
    let plain = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '+' | '-'));
    text.parse().ok().filter(|number: &f64| plain && number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let of = |component, above, limit| Condition::Component { component, above, limit };
        let cases = [
            ("slowdown>5%", Condition::Slowdown(0.05)),
            (" slowdown > 0 % ", Condition::Slowdown(0.0)),
            ("speedup<1.5x", Condition::SpeedUpBelow(1.5)),
            ("speedup<2×", Condition::SpeedUpBelow(2.0)),
            ("starved>10%", of(Component::Starved, true, Limit::Share(0.1))),
            ("hand-over>+0.5cores", of(Component::HandOver, true, Limit::CoresMore(0.5))),
            ("steal-latency>2cores", of(Component::StealLatency, true, Limit::Cores(2.0))),
            ("useful<-1core", of(Component::Useful, false, Limit::CoresMore(-1.0))),
            ("blocked-own>+3%", of(Component::BlockedOwn, true, Limit::ShareMore(0.03))),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn every_component_has_its_name_in_the_json() {
        for &component in Component::ALL {
            let limit = Limit::Share(0.1);
            let expected = Condition::Component { component, above: true, limit };
            let key = key(component);
            assert!(key.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{key}");
            assert_eq!(parse(&format!("{key}>10%")).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_no_number_is_no_limit() {
        for limit in ["", "%", "five%", "inf%", "1e3%", "5", "0.5 horses", "--1%", "NaN%"] {
            for name in ["slowdown", "starved"] {
                assert!(parse(&format!("{name}>{limit}")).is_err(), "{name} {limit}");
            }
        }
        for text in ["slowdown>-5%", "speedup<0x", "speedup<50%", "slowdown<5%", "speedup>1x"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
