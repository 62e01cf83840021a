//! How long a provider asks us to wait.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::HeaderMap;
use http::header::RETRY_AFTER;

/// What nobody means.
const LONGEST: Duration = Duration::from_hours(7 * 24);

/// From `retry-after-ms` or `Retry-After` (seconds or a date); None: nothing that can be read.
pub(super) fn asked(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = |name| Some(headers.get(name)?.to_str().ok()?.trim());
    let millis = text("retry-after-ms").and_then(|text| text.parse::<f64>().ok());
    let wait = millis
        .and_then(|millis| Duration::try_from_secs_f64(millis / 1000.0).ok())
        .or_else(|| of_text(text(RETRY_AFTER.as_str())?, now))?;
    Some(wait.min(LONGEST))
}

fn of_text(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Some(wait) = seconds(text) {
        return Some(wait);
    }
    let when = DateTime::parse_from_rfc2822(text).ok()?;
    Some((when.to_utc() - now).to_std().unwrap_or_default())
}

/// `30`, `1.5`, or Google's `30s`.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let number = text.trim_end_matches('s').parse::<f64>().ok()?;
    Duration::try_from_secs_f64(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_say_it_is_read_and_nonsense_is_not() {
        let now = DateTime::parse_from_rfc2822("Sun, 06 Nov 1994 08:49:37 GMT")
            .unwrap()
            .to_utc();
        for (name, value, wait) in [
            ("retry-after", "30", Some(30_000)),
            ("retry-after", "1.5", Some(1_500)),
            ("retry-after", "0", Some(0)),
            ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT", Some(30_000)),
            ("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("retry-after", "soon", None),
            ("retry-after", "-5", None),
            ("retry-after", "NaN", None),
            ("retry-after", "1e300", None),
            ("retry-after", "99999999999", Some(604_800_000)),
            ("retry-after-ms", "250", Some(250)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            let wait = wait.map(Duration::from_millis);
            assert_eq!(asked(&headers, now), wait, "{name}: {value}");
        }
    }
}
