//! Sizes in bytes, as they are typed.

/// Reads `65536`, `64K`, `64KiB`, `32M`, `32MiB`, `1G` or `1GiB`; units are powers of 1,024.
pub(super) fn parse(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor: usize = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_with_and_without_units() {
        let parsed = ["65536", "64K", "64KiB", "64kib", "32M", "1GiB", "7b"].map(parse);
        let expected = [65_536, 65_536, 65_536, 65_536, 32 << 20, 1 << 30, 7];
        assert_eq!(parsed, expected.map(Some));
    }

    #[test]
    fn what_is_no_size() {
        for text in ["", "MiB", "-1", "1.5M", "32MB", "3 K", "99999999999999999999", "99999999999G"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
