//! A worker's time as a bar: solid for busy, shaded for waiting, empty for no task.

const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A bar of `width` columns for two shares of 1, rounded to eighths of a column; shading, which
/// knows no parts, fills the columns that are begun.
pub(super) fn bar(busy: f64, waiting: f64, width: usize) -> String {
    let eighths = ((busy * width as f64 * 8.0).round() as usize).min(width * 8);
    let solid = format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8]);
    let end = (((busy + waiting) * width as f64).round() as usize).min(width);
    let shaded = "░".repeat(end.saturating_sub(eighths.div_ceil(8)));
    solid + &shaded
}
