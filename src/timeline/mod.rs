//! Events, proven and ordered.
