//! CPUs: how many there are, how many may be used, and how fast.

use super::{Area, Check, plural};
use crate::model::{Cpus, Frequency, Host, Measured, Quota, Throttling};

const AREA: Area = Area::Processors;

pub(super) fn checks(host: &Host) -> Vec<Check> {
    let cpus = &host.cpus;
    let mut checks = vec![name(cpus), cores(cpus)];
    checks.extend(kinds(cpus));
    checks.extend([
        smt(cpus),
        nodes(cpus),
        affinity(cpus),
        quota(host),
        throttling(host),
        governor(host),
    ]);
    checks
}

fn name(cpus: &Cpus) -> Check {
    AREA.known("cpu", &cpus.name, "reports cannot name the processor", |name| {
        AREA.ok("cpu", name.as_str())
    })
}

fn cores(cpus: &Cpus) -> Check {
    let cost = "more workers than cores cannot be told from enough of them";
    AREA.known("cores", &cpus.cores, cost, |&cores| {
        let mut parts = vec![plural(cores.into(), "core")];
        parts.extend(cpus.online.value().map(|online| plural(online.len() as u64, "CPU")));
        parts.extend(cpus.sockets.value().map(|&sockets| plural(sockets.into(), "socket")));
        AREA.ok("cores", parts.join(", "))
    })
}

/// Nothing where the cores are alike, or nobody knows.
fn kinds(cpus: &Cpus) -> Option<Check> {
    let kinds = cpus.kinds.value().filter(|&&kinds| kinds > 1)?;
    let cost = "a task takes longer on a slow core than on a fast one, which looks like imbalance";
    let check = AREA.note("core-kinds", format!("cores of {kinds} speeds"), cost);
    Some(check.remedied("compare with a run on cores of one kind: `taskset -c LIST`"))
}

fn smt(cpus: &Cpus) -> Check {
    let cost = "workers that share a core slow each other down, which looks like slower tasks";
    let cores = match (&cpus.cores, &cpus.allowed_cores) {
        (Measured::Is(cores), Measured::Is(allowed)) => Measured::Is((*cores, *allowed)),
        (Measured::Not(reason), _) | (_, Measured::Not(reason)) => Measured::Not(reason.clone()),
    };
    AREA.known("smt", &cores, cost, |&(cores, allowed)| match &cpus.online {
        Measured::Is(online) if online.len() as u64 > u64::from(cores) => {
            let threads = (online.len() as u64).div_ceil(cores.into());
            let found = format!("on: up to {threads} CPUs share a core");
            let compare = format!("compare with RAYON_NUM_THREADS={allowed}, one worker per core");
            AREA.note("smt", found, cost).remedied(compare)
        }
        Measured::Is(_) => AREA.ok("smt", "off: no two CPUs share a core"),
        Measured::Not(reason) => AREA.unknown("smt", reason, cost),
    })
}

fn nodes(cpus: &Cpus) -> Check {
    let cost = "a task that is stolen across nodes finds its data farther away, which looks like \
                slower work";
    AREA.known("memory-nodes", &cpus.nodes, cost, |&nodes| match nodes {
        0 | 1 => AREA.ok("memory-nodes", "one: all memory is equally near"),
        _ => AREA
            .note("memory-nodes", format!("{nodes} (NUMA)"), cost)
            .remedied("compare with a run on one: `numactl --cpunodebind=0 --membind=0`"),
    })
}

fn affinity(cpus: &Cpus) -> Check {
    let cost = "how many CPUs the workers share is not known";
    AREA.known("affinity", &cpus.allowed, cost, |allowed| {
        let allowed = allowed.len() as u64;
        match cpus.online.value().map(|online| online.len() as u64) {
            Some(online) if allowed < online => AREA
                .note(
                    "affinity",
                    format!("{allowed} of {online} CPUs"),
                    "rayon starts a worker for each of these; with more workers some wait for a \
                     CPU, which is shown as preemption",
                )
                .remedied("start without `taskset`, or widen the container's cpuset"),
            Some(_) => AREA.ok("affinity", format!("all {}", plural(allowed, "CPU"))),
            None => AREA.ok("affinity", plural(allowed, "CPU")),
        }
    })
}

fn quota(host: &Host) -> Check {
    let cost = "stops of all workers by a quota look like preemption";
    AREA.known("cpu-quota", &host.cpu_limit.quota, cost, |quota| match quota {
        None => AREA.ok("cpu-quota", "none"),
        Some(quota) => match host.cpus.allowed.value().map(|allowed| allowed.len() as f64) {
            Some(allowed) if quota.cpus() >= allowed => AREA.ok("cpu-quota", worth(quota)),
            _ => AREA
                .limits(
                    "cpu-quota",
                    worth(quota),
                    format!(
                        "once it is used up all workers stop until the period ends, which is shown \
                         as preemption; no speed-up can exceed {:.1}",
                        quota.cpus()
                    ),
                )
                .remedied(raise(quota)),
        },
    })
}

fn worth(quota: &Quota) -> String {
    let Quota { group, time, period } = quota;
    format!("{time} of CPU time each {period}, worth {:.1} CPUs (group {group})", quota.cpus())
}

/// Half a CPU is a worker, too.
fn raise(quota: &Quota) -> String {
    let workers = quota.cpus().floor().max(1.0);
    format!("raise the control group's quota, or run with RAYON_NUM_THREADS={workers}")
}

fn throttling(host: &Host) -> Check {
    const ID: &str = "throttling";
    let Measured::Is(Some(quota)) = &host.cpu_limit.quota else {
        return match &host.cpu_limit.quota {
            Measured::Is(_) => AREA.ok(ID, "none, as there is no quota"),
            Measured::Not(reason) => AREA.unknown(ID, reason, "stops by a quota stay unseen"),
        };
    };
    let cost = "stops by the quota stay unseen";
    AREA.known(ID, &host.cpu_limit.throttling, cost, |throttling| {
        let Throttling { periods, throttled_periods, throttled } = throttling;
        match throttled_periods {
            0 => AREA.ok(ID, format!("never in {}", plural(*periods, "period"))),
            _ => AREA
                .limits(
                    ID,
                    format!("in {throttled_periods} of {periods} periods, for {throttled} in sum"),
                    "times contain stops that no code of the program causes",
                )
                .remedied(raise(quota)),
        }
    })
}

fn governor(host: &Host) -> Check {
    const ID: &str = "governor";
    let Frequency { driver, governors } = &host.frequency;
    let cost = "a core that runs slower than the others looks like one that has more work";
    if matches!((governors, &host.is_virtual), (Measured::Not(_), Measured::Is(true))) {
        return AREA.unknown(ID, "the host of this virtual machine sets the frequency", cost);
    }
    AREA.known(ID, governors, cost, |governors| {
        let driver = driver.value().map(String::as_str);
        let found = match driver {
            Some(driver) => format!("{} ({driver})", governors.join(", ")),
            None => governors.join(", "),
        };
        if governors.iter().all(|governor| governor == "performance") {
            return AREA.ok(ID, found);
        }
        // The drivers of newer CPUs call by this name what goes up and down with the load.
        let is_slow = |governor: &String| {
            governor == "powersave" && !driver.is_some_and(|driver| driver.contains("pstate"))
        };
        let cost = if governors.iter().any(is_slow) {
            "cores run at their lowest frequency: all times are longer than they need be"
        } else {
            "the frequency follows the load: the same work takes longer at the start of a run, or \
             on a worker that had waited"
        };
        AREA.note(ID, found, cost)
            .remedied("`cpupower frequency-set -g performance` while measuring")
    })
}
