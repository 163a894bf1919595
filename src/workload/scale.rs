//! Workloads whose number of items is a parameter, and the pair of variants of which the parallel one
//! begins to pay at some number of them. One that is to be searched for it has a row here.

use super::{Integer, Parameter, VariantInfo, Workload, find};

/// A workload that can have any number of items.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// The workload.
    pub workload: &'static str,
    /// Its parameter that is the number of items.
    pub items: &'static str,
    /// The variant that is serial.
    pub serial: &'static str,
    /// The one that is parallel.
    pub parallel: &'static str,
}

/// All of them.
pub static SCALES: [Scale; 2] = [
    Scale { workload: "sum", items: "size", serial: "serial", parallel: "par-iter" },
    Scale { workload: "hash", items: "size", serial: "serial", parallel: "par-iter" },
];

impl Scale {
    /// The workload itself, its number of items, and the two variants; `None` if a name is wrong.
    pub fn resolve(&self) -> Option<(&'static dyn Workload, &'static Integer, [VariantInfo; 2])> {
        let workload = find(self.workload)?;
        let items = workload.parameters().iter().find_map(|parameter| match parameter {
            Parameter::Integer(integer) if integer.name == self.items => Some(*integer),
            Parameter::Integer(_) | Parameter::Choice(_) => None,
        })?;
        let variant = |name| workload.variants().into_iter().find(|variant| variant.name == name);
        Some((workload, items, [variant(self.serial)?, variant(self.parallel)?]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Place;

    #[test]
    fn every_row_names_a_workload_its_parameter_and_two_variants() {
        for scale in SCALES {
            let (_, _, [serial, parallel]) = scale.resolve().unwrap();
            assert_eq!((serial.place, parallel.place), (Place::Alone, Place::Pool), "{scale:?}");
        }
    }
}
