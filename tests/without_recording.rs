//! Without the feature `record` the facade is rayon itself, and a recording cannot start.

#![cfg(not(feature = "record"))]

use std::any::TypeId;

use rayprism::facade::{self, real};
use rayprism::session::StartError;

#[test]
fn the_facades_types_are_rayons_own() {
    assert_eq!(TypeId::of::<facade::ThreadPool>(), TypeId::of::<real::ThreadPool>());
    assert_eq!(TypeId::of::<facade::ThreadPoolBuilder>(), TypeId::of::<real::ThreadPoolBuilder>());
    assert_eq!(TypeId::of::<facade::Scope<'static>>(), TypeId::of::<real::Scope<'static>>());
}

#[test]
fn a_recording_says_why_it_does_not_start() {
    let error = rayprism::Session::builder().start().expect_err("nothing can be recorded");
    assert_eq!(error, StartError::NotCompiledIn);
    assert_eq!(rayprism::region("named", || facade::join(|| 1, || 2)), (1, 2));
}
