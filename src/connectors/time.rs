//! Moments as vendors in China write them.

use std::time::Duration;

use crate::base::Timestamp;

/// UTC+8 all year.
const AHEAD: Duration = Duration::from_secs(8 * 3_600);

/// `yyyy-MM-dd HH:mm:ss` in China's time.
pub(super) fn china_time(moment: Timestamp) -> String {
    (moment + AHEAD).to_string().replace('T', " ").trim_end_matches('Z').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_begins_eight_hours_earlier() {
        let moment = |text| china_time(Timestamp::parse(text).unwrap());
        assert_eq!(moment("2025-01-02T03:04:05Z"), "2025-01-02 11:04:05");
        assert_eq!(moment("2024-12-31T16:00:00Z"), "2025-01-01 00:00:00");
    }
}
