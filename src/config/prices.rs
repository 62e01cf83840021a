//! What models cost: a dated table in a YAML file of the operator's.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;

use super::values::Right;

/// More is no table of prices.
const LARGEST: u64 = 256 * 1024;

/// The table.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// The day that the prices are of.
    pub as_of: NaiveDate,
    /// By `provider/model`; a `*` at the end stands for any rest.
    pub models: BTreeMap<String, Price>,
}

/// US dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    pub input: f64,
    pub output: f64,
}

/// The table in the file at this path.
pub(super) fn read(path: &str) -> Right<Prices> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    if std::fs::metadata(path).map_err(unreadable)?.len() > LARGEST {
        return Err("is too large for a table of prices".to_owned());
    }
    parse(&std::fs::read_to_string(path).map_err(unreadable)?)
}

fn parse(text: &str) -> Right<Prices> {
    const RIGHT: &str = "must be YAML with `as_of: 2026-11-01` and `models:`, each such as \
                         `openai/a-model: { input: 0.25, output: 2.00 }` in US dollars for a million tokens";
    let prices: Prices =
        serde_saphyr::from_str(text).map_err(|error| format!("{RIGHT} ({error})"))?;
    for (name, price) in &prices.models {
        if !name.contains('/') {
            return Err(format!("{RIGHT}; `{name}` does not name its provider"));
        }
        if ![price.input, price.output]
            .iter()
            .all(|p| (0.0..=100_000.0).contains(p))
        {
            return Err(format!("{RIGHT}; the price of `{name}` is not one"));
        }
    }
    Ok(prices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_and_a_wrong_one_says_where() {
        let table = parse(
            "as_of: 2026-11-01\nmodels:\n  openai/some-model: { input: 0.25, output: 2 }\n  custom/*: { input: 0, output: 0 }\n",
        )
        .unwrap();
        assert_eq!(table.as_of.to_string(), "2026-11-01");
        assert!((table.models["openai/some-model"].output - 2.0).abs() < 1e-9);

        let wrong = |text: &str| parse(text).unwrap_err();
        assert!(wrong("models: {}").contains("as_of"));
        assert!(
            wrong("as_of: 2026-11-01\nmodels:\n  a: {input: 1, output: 1}")
                .contains("`a` does not name")
        );
        assert!(
            wrong("as_of: 2026-11-01\nmodels:\n  a/b: {input: -1, output: 1}")
                .contains("the price of `a/b`")
        );
        let said = wrong("as_of: 2026-11-01\nmodels:\n  a/b: {input: 1, outptu: 1}");
        assert!(said.contains("outptu") && said.contains('3'), "{said}");
    }
}
