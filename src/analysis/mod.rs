//! Pure analysis of a timeline.
