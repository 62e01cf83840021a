//! Near duplicates are found, different work is not taken for them, and the cost is an index's.

#![expect(clippy::print_stdout, reason = "precision and recall are printed")]

mod pairs;

use std::collections::{BTreeSet, HashMap};

use super::{COMMON_IN, Index, NAMED};
use pairs::{HELD_OUT, Pair, TUNED};

/// How often the pairs are told apart rightly.
struct Measured {
    precision: f64,
    recall: f64,
    wrong: Vec<String>,
}

/// Which titles name the same work: what is labelled the same goes together, also over several pairs.
fn works(pairs: &[Pair]) -> HashMap<&'static str, usize> {
    let mut of: HashMap<&'static str, usize> = HashMap::new();
    for (n, pair) in pairs.iter().enumerate() {
        for (m, title) in [pair.one, pair.other].into_iter().enumerate() {
            of.entry(title).or_insert(2 * n + m);
        }
    }
    for pair in pairs.iter().filter(|pair| pair.same) {
        let (from, to) = (of[pair.one], of[pair.other]);
        of.values_mut()
            .filter(|work| **work == from)
            .for_each(|work| *work = to);
    }
    of
}

/// The first title of each pair is planned, in a repository that has the second titles of all.
fn measure(name: &str, pairs: &[Pair]) -> Measured {
    let works = works(pairs);
    let titles: Vec<&str> = pairs
        .iter()
        .map(|pair| pair.other)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let index = Index::of(titles.iter().map(|title| (*title, "")));
    let planned: BTreeSet<&str> = pairs.iter().map(|pair| pair.one).collect();
    let (mut hits, mut misses, mut false_alarms) = (0_u32, 0_u32, 0_u32);
    let mut wrong = Vec::new();
    for one in planned {
        let found: BTreeSet<&str> = index
            .find(one, "")
            .alike
            .iter()
            .map(|a| titles[a.place])
            .collect();
        for title in &titles {
            let is_same = works[one] == works[title];
            match (is_same, found.contains(title)) {
                (true, true) => hits += 1,
                // Two are named; whoever sees those two knows.
                (true, false) if found.len() < NAMED => {
                    misses += 1;
                    wrong.push(format!("missed: {one} | {title}"));
                }
                (false, true) => {
                    false_alarms += 1;
                    wrong.push(format!("alarm: {one} | {title}"));
                }
                _ => {}
            }
        }
    }
    let precision = f64::from(hits) / f64::from(hits + false_alarms);
    let recall = f64::from(hits) / f64::from(hits + misses);
    println!(
        "{name}: {} pairs, precision {precision:.2}, recall {recall:.2}\n  {}",
        pairs.len(),
        wrong.join("\n  ")
    );
    Measured {
        precision,
        recall,
        wrong,
    }
}

#[test]
fn labelled_pairs_are_told_apart() {
    assert!(TUNED.len() + HELD_OUT.len() >= 60);
    let tuned = measure("tuned", TUNED);
    assert!(
        tuned.precision >= 0.95 && tuned.recall >= 0.9,
        "{:#?}",
        tuned.wrong
    );
    let held_out = measure("held out", HELD_OUT);
    assert!(
        held_out.precision >= 0.8 && held_out.recall >= 0.7,
        "{:#?}",
        held_out.wrong
    );
}

/// A repository whose words grow with it: each thing is in 10 issues, each part in 20, "page" in all.
fn repository(issues: usize) -> Vec<String> {
    (0..issues)
        .map(|n| {
            format!(
                "Add page thing{}x part{}y",
                n % (issues / 10),
                n % (issues / 20)
            )
        })
        .collect()
}

#[test]
fn what_is_compared_is_what_shares_rare_words_however_many_issues_there_are() {
    let compared = |issues: usize| -> usize {
        let titles = repository(issues);
        let index = Index::of(titles.iter().map(|title| (title.as_str(), "")));
        titles[..100]
            .iter()
            .map(|title| index.find(title, "").compared)
            .sum()
    };
    let (few, many) = (compared(400), compared(4_000));
    assert_eq!(few, many, "ten times the issues, the same work");
    assert!(few <= 100 * COMMON_IN, "{few} of {} pairs", 100 * 400);
}

#[test]
fn a_word_that_all_issues_have_is_searched_for_only_where_there_is_no_other() {
    let titles = repository(400);
    let index = Index::of(titles.iter().map(|title| (title.as_str(), "")));
    assert_eq!(index.find("Add page", "").compared, 400);
    assert!(index.find("Add page thing7x", "").compared <= COMMON_IN);
}

#[test]
fn an_empty_title_and_an_empty_repository_are_like_nothing() {
    assert_eq!(Index::of([]).find("Add a basket", "").alike, []);
    let index = Index::of([("", ""), ("Add a basket", "")]);
    assert_eq!(index.find("", "").alike, []);
    assert_eq!(index.find("Add the", "").compared, 0);
}

#[test]
fn the_most_alike_comes_first_and_no_more_than_two() {
    let titles = [
        "Export of reports as CSV for shops",
        "CSV export of reports",
        "Export reports as CSV",
        "Add CSV report export",
    ];
    let found = Index::of(titles.map(|title| (title, "")))
        .find("Add export of reports as CSV", "")
        .alike;
    assert_eq!(found.len(), NAMED);
    assert!(
        found[0].score >= found[1].score && found[1].score > 0.9,
        "{found:?}"
    );
}

#[test]
fn bodies_that_say_the_same_decide_where_titles_are_close() {
    let body = "Shops lose orders when the courier answers late. Keep the parcel in a queue and ask again every minute \
                until the courier has taken it.";
    let (one, other) = (
        "Queue parcels for slow couriers",
        "Parcels are lost: queue needed",
    );
    let index = |body: &str| Index::of([(other, body)]);
    assert_eq!(index("").find(one, body).alike, []);
    assert_eq!(index(body).find(one, body).alike.len(), 1);
}

#[test]
fn titles_without_spaces_between_words_are_compared_too() {
    let index = Index::of([("ログイン画面を追加する", ""), ("請求書を削除する", "")]);
    let found = index.find("ログイン画面の追加", "").alike;
    assert_eq!(found.iter().map(|a| a.place).collect::<Vec<_>>(), [0]);
}
