//! Sizes for people.

use std::fmt;

/// A number of bytes, shown in binary units with one decimal (`340.2 MiB`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        // Tenths, rounded, in integers: a float could say 1024.0 KiB.
        let sized = UNITS.iter().zip(1..).map(|(unit, power)| (unit, tenths_of(self.0, 10 * power)));
        let fitting = sized.clone().find(|(_, tenths)| *tenths < 10_240).or(sized.last());
        fitting.map_or(Ok(()), |(unit, tenths)| write!(f, "{}.{} {unit}", tenths / 10, tenths % 10))
    }
}

fn tenths_of(bytes: u64, shift: u32) -> u64 {
    let tenths = (u128::from(bytes) * 10 + (1_u128 << (shift - 1))) >> shift;
    u64::try_from(tenths).unwrap_or(u64::MAX)
}

/// A number of things, with commas between thousands (`1,234`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count(pub(super) u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 1000, self.0 % 1000) {
            (0, rest) => write!(f, "{rest}"),
            (thousands, rest) => write!(f, "{},{rest:03}", Self(thousands)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        let shown = |bytes: u64| Bytes(bytes).to_string();
        assert_eq!(shown(0), "0 B");
        assert_eq!(shown(1023), "1023 B");
        assert_eq!(shown(1024), "1.0 KiB");
        assert_eq!(shown(1024 * 1024 - 1), "1.0 MiB");
        assert_eq!(shown(356_725_555), "340.2 MiB");
        assert_eq!(shown(u64::MAX), "16.0 EiB");
    }

    #[test]
    fn thousands_are_told_apart() {
        let shown = |count: u64| Count(count).to_string();
        assert_eq!([0, 999, 1000, 1_234_567].map(shown), ["0", "999", "1,000", "1,234,567"]);
    }
}
