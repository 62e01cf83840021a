//! What models cost, by the operator's dated table; nothing is known that is not in it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::money::Price;

/// The operator's table.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceTable {
    /// The day that its prices are of.
    pub as_of: NaiveDate,
    /// By `provider/model`; a `*` at the end stands for any rest.
    pub models: BTreeMap<String, Price>,
}

impl PriceTable {
    /// The price of a model: by its own name, else by the longest beginning that fits.
    pub fn find(&self, name: &str) -> Option<Price> {
        let exact = self.models.get(name);
        let fitting = self.models.iter().filter_map(|(pattern, price)| {
            let beginning = pattern.strip_suffix('*')?;
            name.starts_with(beginning)
                .then_some((beginning.len(), price))
        });
        exact
            .or_else(|| fitting.max_by_key(|(length, _)| *length).map(|(_, p)| p))
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_price_holds() {
        let price = |input| Price { input, output: 0.0 };
        let table = PriceTable {
            as_of: NaiveDate::from_ymd_opt(2026, 11, 1).unwrap(),
            models: [
                ("openai/gpt-9", 1.0),
                ("openai/gpt-9*", 2.0),
                ("openai/*", 3.0),
                ("custom/*", 0.0),
            ]
            .into_iter()
            .map(|(name, input)| (name.to_owned(), price(input)))
            .collect(),
        };
        let input = |name| table.find(name).map(|p| p.input);
        assert_eq!(input("openai/gpt-9"), Some(1.0));
        assert_eq!(input("openai/gpt-9-mini"), Some(2.0));
        assert_eq!(input("openai/o7"), Some(3.0));
        assert_eq!(input("custom/llama"), Some(0.0));
        assert_eq!(input("gemini/flash"), None);
    }
}
