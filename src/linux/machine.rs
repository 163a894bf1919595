//! The machine, as the kernel describes it.

use std::fs;

use super::Measured;

/// The processor's name, as it gives it.
pub fn cpu_name() -> Measured<String> {
    match fs::read_to_string("/proc/cpuinfo") {
        Ok(text) => name_in(&text),
        Err(error) => Measured::Not(format!("/proc/cpuinfo: {error}")),
    }
}

fn name_in(cpuinfo: &str) -> Measured<String> {
    let named = |line: &&str| line.starts_with("model name");
    let name = cpuinfo.lines().find(named).and_then(|line| line.split_once(':'));
    match name {
        Some((_, name)) => Measured::Is(name.trim().to_owned()),
        None => Measured::Not("/proc/cpuinfo gives no model name".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_name_among_other_lines() {
        let text = "processor\t: 0\nmodel\t\t: 17\nmodel name\t: A CPU: fast\nflags\t: fpu\n";
        assert_eq!(name_in(text), Measured::Is("A CPU: fast".to_owned()));
        assert!(matches!(name_in("processor : 0\n"), Measured::Not(_)));
    }
}
