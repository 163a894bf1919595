//! Built-in workloads: programs whose parallel behaviour is known beforehand, one file each.
//!
//! Each is a [`Definition`]: a table of parameters and variants with a function for each thing to
//! do. What runs them (arguments, timing, recording, memory limits) is the command line's.

mod definition;
mod invert_tree;
mod parameter;

pub use definition::{
    Body, Definition, Input, Memory, Place, Variant, VariantInfo, Workload, WrongResult,
};
pub use invert_tree::INVERT_TREE;
pub use parameter::{Choice, Given, Integer, Parameter, SettingError, Settings};

/// All workloads, in the order to be shown.
pub static ALL: [&dyn Workload; 1] = [&INVERT_TREE];

/// The workload of that name.
pub fn find(name: &str) -> Option<&'static dyn Workload> {
    ALL.into_iter().find(|workload| workload.name() == name)
}

/// All parameters of a workload: those of every variant, then those of single ones, each once.
pub fn parameters(workload: &dyn Workload) -> Vec<Parameter> {
    let mut all = workload.parameters().to_vec();
    for parameter in workload.variants().iter().flat_map(|variant| variant.parameters) {
        if all.iter().all(|known| known.name() != parameter.name()) {
            all.push(*parameter);
        }
    }
    all
}
