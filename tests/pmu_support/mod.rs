//! What must be found here, and work of which it is known how many instructions it is.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::print_stdout, reason = "figures, and what has not been tested, are for a reader")]

use std::arch::asm;

/// What must be found here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Anything,
    Emulated,
    Refused,
}

pub(crate) fn expected() -> Expected {
    match std::env::var("RAYPRISM_PMU").as_deref() {
        Err(_) => Expected::Anything,
        Ok("emulated") => Expected::Emulated,
        Ok("refused") => Expected::Refused,
        Ok(other) => panic!("RAYPRISM_PMU is {other}"),
    }
}

/// Whether the emulated counters are there. If not, says that the test has tested nothing.
pub(crate) fn is_emulated() -> bool {
    let emulated = expected() == Expected::Emulated;
    if !emulated {
        println!("not tested, for the emulated counters are not here");
    }
    emulated
}

/// Tells a figure to who reads the log: `tools/pmu/check` shows these lines.
pub(crate) fn figure(text: impl std::fmt::Display) {
    println!("\nfigure: {text}");
}

pub(crate) const MILLION: u64 = 1_000_000;

/// Executes exactly so many instructions, but for the few around the loop: half as many rounds of two.
pub(crate) fn execute(instructions: u64) {
    assert!(instructions >= 2 && instructions.is_multiple_of(2));
    let rounds = instructions / 2;
    #[expect(unsafe_code, reason = "the compiler would choose the instructions as it likes")]
    // SAFETY: counts a register down to zero, and does nothing else.
    unsafe {
        #[cfg(target_arch = "aarch64")]
        asm!("2: subs {0}, {0}, #1", "b.ne 2b", inout(reg) rounds => _, options(nomem, nostack));
        #[cfg(target_arch = "x86_64")]
        asm!("2: dec {0}", "jnz 2b", inout(reg) rounds => _, options(nomem, nostack));
        #[cfg(target_arch = "riscv64")]
        asm!("2: addi {0}, {0}, -1", "bnez {0}, 2b", inout(reg) rounds => _, options(nomem, nostack));
    }
}

/// Whether the emulator's counters say no less than what was executed, and not more than what it
/// adds: what the kernel does in between and, from CPUs that take turns, a part of what others do.
pub(crate) fn is_about(measured: u64, executed: u64) -> bool {
    (executed..=executed + executed / 8).contains(&measured)
}
