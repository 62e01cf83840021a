//! A model that does as it is told: it reads the blocks in the prompt and plans an issue for each piece of work.

use openproducer::simulator::models::{Asked, ModelHouse, Reply};
use serde_json::{Value, json};

use super::purpose;

/// From now on the house answers so.
pub(super) fn moves_in(models: &ModelHouse) {
    models.replies_with(|asked| Reply::says(answer(asked).to_string()));
}

/// What it says to a question.
pub(super) fn answer(asked: &Asked) -> Value {
    let blocks = blocks(&asked.prompt);
    let work: Vec<&Block> = blocks.iter().filter(|b| b.is_work()).collect();
    match purpose(asked) {
        "count" => {
            json!({ "count": work.len().max(1), "reason": "One for each item of the list." })
        }
        "vary" => json!({ "varied": varied(&asked.prompt) }),
        "missing" => json!({
            "extends": [],
            "issues": work.iter().map(|b| issue(b)).collect::<Vec<_>>(),
            "not_work": not_work(&blocks),
        }),
        _ => json!({
            "issues": work.iter().map(|b| issue(b)).collect::<Vec<_>>(),
            "not_work": not_work(&blocks),
        }),
    }
}

/// A block as the prompt shows it.
pub(super) struct Block {
    pub(super) id: String,
    kind: String,
    pub(super) text: String,
}

impl Block {
    fn is_work(&self) -> bool {
        matches!(self.kind.as_str(), "task" | "list_item")
    }
}

/// The blocks between the lines that fence the spec.
pub(super) fn blocks(prompt: &str) -> Vec<Block> {
    prompt
        .lines()
        .filter_map(|line| {
            let (id, rest) = line.trim().strip_prefix("[b")?.split_once(' ')?;
            id.parse::<u32>().ok()?;
            let (kind, text) = rest.split_once("] ")?;
            Some(Block {
                id: format!("b{id}"),
                kind: kind.to_owned(),
                text: text.trim_start_matches("- [ ] ").to_owned(),
            })
        })
        .collect()
}

pub(super) fn issue(block: &Block) -> Value {
    let title: String = block.text.chars().take(70).collect();
    json!({
        "key": format!("k{}", &block.id[1..]), "title": title,
        "description": format!("{} so that people can rely on it.", block.text),
        "criteria": [format!("{} can be seen to work", block.text)],
        "covers": [block.id], "parent": "", "after": [], "after_blocks": [], "component": "", "labels": [],
    })
}

/// An issue in the form of another one, that nothing in the spec asks for.
pub(super) fn invention(like: &Value, title: &str, description: &str) -> Value {
    let mut extra = like.clone();
    extra["key"] = json!("extra");
    extra["title"] = json!(title);
    extra["description"] = json!(description);
    extra["criteria"] = json!(["The new world is here"]);
    extra["covers"] = json!([]);
    extra
}

fn not_work(blocks: &[Block]) -> Vec<Value> {
    let rest = blocks.iter().filter(|b| !b.is_work());
    rest.map(|b| json!({ "block": b.id, "reason": "context" }))
        .collect()
}

fn varied(prompt: &str) -> Vec<Value> {
    let ids = prompt.lines().filter_map(|line| {
        let (id, title) = line.trim().strip_prefix("[i")?.split_once("] ")?;
        id.parse::<u32>().ok().map(|n| (n, title.to_owned()))
    });
    ids.map(|(n, title)| {
        let title = title.split(" (").next().unwrap_or_default().to_owned();
        json!({ "id": format!("i{n}"), "title": format!("{title} for crew {n}"), "note": format!("This is for crew {n}.") })
    })
    .collect()
}
