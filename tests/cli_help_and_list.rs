//! What the command says about itself.

#![cfg(feature = "cli")]

mod cli_support;

use cli_support::Sandbox;

#[test]
fn help_names_the_commands_and_the_exit_codes() {
    let help = Sandbox::new().run("--help").ok();
    let lines = [
        "  run      Run",
        "  report   Print",
        "  compare  Compare",
        "  stat     Run any",
        "  list     List",
        "  doctor   Tell",
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
    ];
    for option in options {
        assert_eq!(help.matches(&format!("      --{option}")).count(), 1, "{option}");
    }
    assert!(help.contains("what the others are compared with"), "{help}");
}

#[test]
fn list_shows_variants_and_the_ranges_of_parameters() {
    let expected = "\
invert-tree  swap the children of every node of a perfect binary tree
  parameters
    --depth              levels of the tree (1 to 40, default 23)
    --layout             order of the nodes in memory (built or mirrored, default built)
  variants
    serial               a plain recursive function (the baseline)
    join                 a join at every node
    join-cutoff          a join at every node above the cut-off, the plain function below
      --cutoff           levels with joins (0 to 40, default 6)
";
    assert_eq!(Sandbox::new().run("list").ok(), expected);
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
