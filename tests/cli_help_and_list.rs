//! What the command says about itself.

#![cfg(feature = "cli")]

mod cli_support;

use cli_support::Sandbox;
use rayprism::workload;

#[test]
fn help_names_the_commands_and_the_exit_codes() {
    let help = Sandbox::new().run("--help").ok();
    let lines = [
        "  run         Run",
        "  break-even  Find",
        "  reproduce   Try",
        "  report      Print",
        "  compare     Compare",
        "  stat        Run any",
        "  list        List",
        "  doctor      Tell",
        "  0  all went well",
        "  3  ",
        "  4  ",
        "  5  ",
        "  6  ",
    ];
    for line in lines {
        assert!(help.contains(&format!("\n{line}")), "{line:?} is not in:\n{help}");
    }
}

#[test]
fn help_of_compare_tells_the_conditions() {
    let help = Sandbox::new().run("compare --help").ok();
    for form in ["slowdown>5%", "speedup<1.5x", "starved>10%", "starved>+0.5cores"] {
        assert_eq!(help.matches(&format!("\n  {form} ")).count(), 1, "{form} is not in:\n{help}");
    }
}

#[test]
fn help_of_run_has_every_option_and_tells_of_the_baseline() {
    let help = Sandbox::new().run("run --help").ok();
    let options = [
        "variants",
        "threads",
        "reps",
        "detail",
        "buffer",
        "on-full",
        "out-dir",
        "json",
        "depth",
        "cutoff",
        "layout",
        "no-baseline",
        "quick",
        "size",
    ];
    for option in options {
        assert_eq!(help.matches(&format!("      --{option}")).count(), 1, "{option}");
    }
    assert!(help.contains("what the others are compared with"), "{help}");
}

#[test]
fn list_shows_variants_and_the_ranges_of_parameters() {
    let expected = "\
imbalance  a triangular loop: item i takes i rounds of arithmetic
  parameters
    --size               items (1 to 10,000,000, default 8,000)
  variants
    serial               a plain loop (the baseline)
    static-chunks        as many chunks of equal length as there are workers
      should be found: parallelism: imbalance-at-the-tail
    par-iter             a parallel iterator, which splits what is stolen
      should be found: healthy
";
    let list = Sandbox::new().run("list").ok();
    assert!(list.contains(expected), "{list}");
    assert!(list.contains("\n      --cutoff           levels with joins (0 to 40, default 6)\n"));
}

#[test]
fn list_has_every_workload_and_every_variant() {
    let list = Sandbox::new().run("list").ok();
    for workload in workload::ALL {
        let head = format!("{}  {}\n", workload.name(), workload.about());
        let Some((_, rest)) = list.split_once(&head) else { panic!("{head} is not in {list}") };
        let mut lines = rest.lines().map(str::trim_start);
        for variant in workload.variants() {
            let (name, about) = (variant.name, variant.about);
            let is_its = |line: &str| line.starts_with(&format!("{name} ")) && line.contains(about);
            assert!(lines.any(is_its), "{name} is not in:\n{rest}");
        }
    }
}

#[test]
fn version_is_the_packages() {
    let version = concat!("rayprism ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(Sandbox::new().run("--version").ok(), version);
}

#[test]
fn without_a_command_the_help_is_shown_as_an_error() {
    let ran = Sandbox::new().run("");
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("Usage: rayprism <COMMAND>"), "{}", ran.stderr);
}

#[test]
fn help_of_stat_has_its_options_and_exit_codes() {
    let help = Sandbox::new().run("stat --help").ok();
    for part in ["--interval <MS>", "-e, --events", "--json", "-o, --output", "  126 ", "  127 "] {
        assert!(help.contains(part), "{part:?} is not in:\n{help}");
    }
}
