//! The macro that names rayon's source types in the facade's modules.

/// Aliases for types of the module that is imported as `real`, each under [`Traced`] by the name
/// that rayon gives it, so that code which names a type finds what the facade's functions return.
///
/// [`Traced`]: super::iter::Traced
macro_rules! aliases {
    ($($Name:ident<$($argument:tt),+>),+ $(,)?) => {$(
        #[doc = concat!("rayon's [`", stringify!($Name), "`](real::", stringify!($Name), "), traced.")]
        pub type $Name<$($argument),+> =
            $crate::facade::iter::Traced<real::$Name<$($argument),+>>;
    )+};
}

pub(super) use aliases;
