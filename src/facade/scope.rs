//! Scopes: `scope`, `scope_fifo`, the in-place ones, and what is spawned in them.
//!
//! Users name `&Scope<'scope>` in signatures, and rayon hands out only references to its own, so
//! the facade's scopes are transparent wrappers and references are cast.

use std::fmt;
use std::panic::Location;

use rayon::BroadcastContext;

use super::current;
use super::job::Spawned;
use super::{job, pool};
use crate::record::{Arrival, OperationKind};

macro_rules! scope {
    (
        $(#[$doc:meta])* $Scope:ident,
        $(#[$scope_doc:meta])* $scope:ident, $scope_at:ident,
        $(#[$in_place_doc:meta])* $in_place_scope:ident,
        $(#[$spawn_doc:meta])* $spawn:ident
    ) => {
        $(#[$doc])*
        #[repr(transparent)]
        pub struct $Scope<'scope>(rayon::$Scope<'scope>);

        impl<'scope> $Scope<'scope> {
            pub(super) fn cast<'a>(real: &'a rayon::$Scope<'scope>) -> &'a Self {
                #[expect(unsafe_code, reason = "rayon hands out references only")]
                // SAFETY: transparent over the type that is pointed to.
                unsafe {
                    &*(std::ptr::from_ref(real).cast::<Self>())
                }
            }

            $(#[$spawn_doc])*
            #[track_caller]
            pub fn $spawn<BODY>(&self, body: BODY)
            where
                BODY: FnOnce(&$Scope<'scope>) + Send + 'scope,
            {
                if job::is_in_its_place() {
                    return body(self);
                }
                let spawned = Spawned::at(Location::caller());
                self.0.$spawn(move |scope| {
                    spawned.job(|| body(Self::cast(scope)));
                });
            }

            /// Spawns a job on every worker, recorded.
            #[track_caller]
            pub fn spawn_broadcast<BODY>(&self, body: BODY)
            where
                BODY: Fn(&$Scope<'scope>, BroadcastContext<'_>) + Send + Sync + 'scope,
            {
                let spawned = Spawned::at(Location::caller());
                self.0.spawn_broadcast(move |scope, context| {
                    spawned.share(|| body(Self::cast(scope), context));
                });
            }
        }

        impl fmt::Debug for $Scope<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        $(#[$scope_doc])*
        #[track_caller]
        pub fn $scope<'scope, OP, R>(op: OP) -> R
        where
            OP: FnOnce(&$Scope<'scope>) -> R + Send,
            R: Send,
        {
            $scope_at(op, Location::caller())
        }

        /// The same, called at `site`.
        pub(super) fn $scope_at<'scope, OP, R>(op: OP, site: &'static Location<'static>) -> R
        where
            OP: FnOnce(&$Scope<'scope>) -> R + Send,
            R: Send,
        {
            if current::is_worker() {
                return job::stay(OperationKind::Scope, site, |ended| {
                    rayon::$scope(|scope| {
                        let result = op($Scope::cast(scope));
                        (result, ended())
                    })
                });
            }
            pool::first_use();
            job::enter(OperationKind::Scope, site, |link| {
                rayon::$scope(|scope| job::run(Arrival::Job(link), || op($Scope::cast(scope))))
            })
        }

        $(#[$in_place_doc])*
        #[track_caller]
        pub fn $in_place_scope<'scope, OP, R>(op: OP) -> R
        where
            OP: FnOnce(&$Scope<'scope>) -> R,
        {
            pool::first_use();
            job::stay(OperationKind::InPlaceScope, Location::caller(), |ended| {
                rayon::$in_place_scope(|scope| {
                    let result = op($Scope::cast(scope));
                    (result, ended())
                })
            })
        }
    };
}

scope!(
    /// [`rayon::Scope`], recorded.
    Scope,
    /// [`rayon::scope`], recorded.
    scope, scope_at,
    /// [`rayon::in_place_scope`], recorded.
    in_place_scope,
    /// Spawns a job into this scope, recorded.
    spawn
);

scope!(
    /// [`rayon::ScopeFifo`], recorded.
    ScopeFifo,
    /// [`rayon::scope_fifo`], recorded.
    scope_fifo, scope_fifo_at,
    /// [`rayon::in_place_scope_fifo`], recorded.
    in_place_scope_fifo,
    /// Spawns a job into this scope, first in first out, recorded.
    spawn_fifo
);
