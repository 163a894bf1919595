//! The analysis comes to what each workload is known to suffer from, and finds nothing where nothing is
//! wrong: for every diagnosis in the workloads' tables, in an optimized build.
//!
//! Where other programs have the CPUs meanwhile, that is what the analysis has to say. So an attempt
//! counts only if they had next to nothing of them. On a machine that never is so quiet, what is sick
//! must at least never seem healthy.

#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cli_support;

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Mutex, PoisonError};

use cli_support::{OPTIMIZED, Ran, Sandbox};
use rayprism::workload::{self, Diagnosis, Expected, VariantInfo, Verdict};
use serde_json::Value;

/// Of the machine's CPU time, what others may have in an attempt that counts.
const QUIET: f64 = 0.05;
/// Attempts until one comes to the diagnosis: one that counts may be disturbed by what no counter
/// shows, such as another virtual machine's use of the memory, which may last for seconds.
const ATTEMPTS: usize = 12;
/// So many that count and come to another one are no accident: an analysis that is wrong is so each
/// time.
const ENOUGH: usize = 8;

/// One workload at a time: they would take each other's CPUs.
static ALONE: Mutex<()> = Mutex::new(());

/// A diagnosis of a variant, and how the attempts at it went.
struct Case {
    variant: VariantInfo,
    diagnosis: Diagnosis,
    /// Of each attempt that counts, whether it came to the diagnosis.
    quiet: Vec<bool>,
    /// Whether it seemed healthy in any attempt, though it is not.
    missed: bool,
    last: String,
}

#[track_caller]
fn diagnosed(name: &str) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (options, mut cases) in cases(name) {
        for _ in 0..ATTEMPTS {
            if cases.iter().all(Case::is_decided) {
                break;
            }
            attempt(name, &options, &mut cases);
        }
        for case in &cases {
            case.judge(name, &options);
        }
    }
}

/// The cases of a workload, by the options that they run with.
fn cases(name: &str) -> BTreeMap<String, Vec<Case>> {
    let mut all: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for variant in workload::find(name).unwrap().variants() {
        for &diagnosis in variant.diagnoses {
            let case =
                Case { variant, diagnosis, quiet: vec![], missed: false, last: String::new() };
            all.entry(case.options()).or_default().push(case);
        }
    }
    assert!(!all.is_empty(), "{name} has no diagnosis");
    all
}

fn attempt(name: &str, options: &str, cases: &mut [Case]) {
    let sandbox = Sandbox::new();
    let variants: Vec<&str> = cases.iter().map(|case| case.variant.name).collect();
    let line = format!("run {name} --json --reps 5 {options} --variants {}", variants.join(","));
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut command = sandbox.other(OPTIMIZED.to_str().unwrap(), &words);
    let before = Cpus::now();
    let report = Ran::from(command.output().unwrap()).json();
    let is_quiet = Cpus::now().others_since(before) < QUIET;
    for report in report["reports"].as_array().unwrap() {
        let variant = report["run"]["variant"].as_str().unwrap();
        let case = cases.iter_mut().find(|case| case.variant.name == variant).unwrap();
        case.look_at(report, is_quiet);
    }
}

impl Case {
    fn options(&self) -> String {
        let with = self.diagnosis.with.iter();
        let with: Vec<String> =
            with.map(|(number, value)| format!("--{} {value}", number.name)).collect();
        // What is about more workers than CPUs takes all of these.
        let threads = if self.variant.workers_per_thread > 1 { "" } else { "--threads 2" };
        format!("--quick {threads} {}", with.join(" "))
    }

    fn look_at(&mut self, report: &Value, is_quiet: bool) {
        let verdicts = verdicts(report);
        let found: Vec<&str> = main_findings(report);
        let is = |verdict: &String, Expected { verdict: expected, findings }: Expected| {
            let named = findings.iter().any(|id| found.contains(id));
            verdict == expected.name() && (named || findings.is_empty() && found.is_empty())
        };
        // A mixed one is right if each of the two would be.
        let is_expected = |verdict| self.diagnosis.all().any(|expected| is(verdict, expected));
        let is_right = verdicts.iter().all(is_expected) && is_as_constructed(report);
        let may_be_healthy = |expected: Expected| expected.verdict == Verdict::Healthy;
        let is_sick = !self.diagnosis.all().any(may_be_healthy);
        self.missed |= is_sick && verdicts == ["healthy"];
        if is_quiet {
            self.quiet.push(is_right);
        }
        self.last = format!("{} {found:?}", verdicts.join(", "));
    }

    fn is_decided(&self) -> bool {
        self.quiet.contains(&true) || self.quiet.len() == ENOUGH
    }

    #[track_caller]
    #[expect(clippy::print_stderr, reason = "a judgement that could not be made is said")]
    fn judge(&self, name: &str, options: &str) {
        let what = format!("{name} {} {options}", self.variant.name);
        let (diagnosis, last) = (self.diagnosis, &self.last);
        if self.quiet.contains(&true) {
            return;
        }
        let counted = self.quiet.len();
        assert!(counted < ENOUGH, "{what}: expected {diagnosis}, last {last}, {counted} times");
        eprintln!("{what}: others had the CPUs in all attempts but {counted}");
        assert!(!self.missed, "{what}: expected {diagnosis}, seemed healthy, last {last}");
    }
}

/// Whether the serial share is what it was made to be, within 2 points.
fn is_as_constructed(report: &Value) -> bool {
    let of = |array: &Value, key: &str, name: &str| -> Option<Value> {
        array.as_array()?.iter().find(|entry| entry[key] == name).cloned()
    };
    let Some(made) = of(&report["run"]["parameters"], "name", "serial-percent") else {
        return true;
    };
    let made: f64 = made["value"].as_str().unwrap().parse().unwrap();
    let found = of(&report["findings"], "id", "serial-fraction");
    found.is_some_and(|found| {
        (100.0 * found["measured"]["value"].as_f64().unwrap() - made).abs() <= 2.0
    })
}

/// `healthy`, the group that is bound for or the two of a mixed one, or what kind it is otherwise; of
/// threads in no pool what they mostly do.
fn verdicts(report: &Value) -> Vec<String> {
    if let Some(mostly) = report["outside_sum"]["mostly"]["is"].as_str() {
        return vec![mostly.to_owned()];
    }
    let verdict = &report["decompositions"][0]["is"]["verdict"];
    let kind = verdict.as_object().and_then(|kinds| kinds.iter().next());
    let group = |group: &Value| group.as_str().unwrap().to_owned();
    match (verdict.as_str(), kind) {
        (Some(name), _) => vec![name.to_owned()],
        (None, Some((kind, bound))) if kind == "bound" => vec![group(bound)],
        (None, Some((kind, both))) if kind == "mixed" => {
            both.as_array().unwrap().iter().map(group).collect()
        }
        (None, Some((kind, _))) => vec![kind.clone()],
        (None, None) => vec!["none".to_owned()],
    }
}

fn losses(report: &Value) -> impl Iterator<Item = (&str, f64)> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .filter_map(|finding| Some((finding["id"].as_str()?, finding["loss"]["share"].as_f64()?)))
}

/// Those that explain half as much as the first one, or more, and what they depend on.
fn main_findings(report: &Value) -> Vec<&str> {
    let most = losses(report).map(|(_, share)| share).fold(0.0, f64::max);
    let losses = losses(report).filter(|(_, share)| *share >= most / 2.0).map(|(id, _)| id);
    let premises = report["findings"].as_array().unwrap().iter();
    let premises = premises.filter(|finding| finding["loss"].is_null());
    losses.chain(premises.filter_map(|finding| finding["id"].as_str())).collect()
}

/// CPU time in ticks, of the whole machine and of this process and its children.
#[derive(Clone, Copy)]
struct Cpus {
    all: u64,
    busy: u64,
    own: u64,
}

impl Cpus {
    fn now() -> Self {
        let stat = fs::read_to_string("/proc/stat").unwrap();
        let numbers = |text: &str| -> Vec<u64> {
            text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
        };
        // User, nice, system, idle, waiting for disks, two kinds of interrupts, stolen by the host.
        let machine = numbers(stat.lines().next().unwrap())[..8].to_vec();
        let own = fs::read_to_string("/proc/self/stat").unwrap();
        // Behind the name in brackets: user and system time of the process and of its children.
        let own = numbers(own.rsplit_once(')').unwrap().1)[10..14].iter().sum();
        let all = machine.iter().sum();
        Self { all, busy: all - machine[3] - machine[4], own }
    }

    fn others_since(self, before: Self) -> f64 {
        let others = (self.busy - before.busy).saturating_sub(self.own - before.own);
        others as f64 / (self.all - before.all).max(1) as f64
    }
}

macro_rules! diagnoses {
    ($($test:ident: $workload:literal;)*) => {
        $(#[test]
        fn $test() {
            diagnosed($workload);
        })*

        #[test]
        fn every_workload_with_a_diagnosis_is_tested() {
            let tested = [$($workload),*];
            for workload in workload::ALL {
                let has = workload.variants().iter().any(|variant| !variant.diagnoses.is_empty());
                assert_eq!(has, tested.contains(&workload.name()), "{}", workload.name());
            }
        }
    };
}

diagnoses! {
    sum: "sum";
    hash: "hash";
    reduce: "reduce";
    two_sleeps: "two-sleeps";
    invert_tree: "invert-tree";
    matmul: "matmul";
    false_sharing: "false-sharing";
    shared_lock: "shared-lock";
    bandwidth: "bandwidth";
    imbalance: "imbalance";
    amdahl: "amdahl";
    oversubscribed: "oversubscribed";
    slow_producer: "slow-producer";
    cold_pool: "cold-pool";
}
