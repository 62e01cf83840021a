//! Links between issues as text, for servers that do not know them: task lists at the end of an issue's body.

use super::Link;

/// The body with what hangs under the issue and what it waits for, each as a task list that GitHub ticks by itself.
pub fn with_links(body: &str, inside: &[Link], waits: &[Link]) -> String {
    let parts = [("Sub-issues", inside), ("Waits for", waits)];
    let lists = parts
        .into_iter()
        .filter(|(_, links)| !links.is_empty())
        .map(|(heading, links)| {
            let lines: Vec<String> = links.iter().map(|link| format!("- [ ] {link}")).collect();
            format!("\n\n### {heading}\n\n{}", lines.join("\n"))
        });
    let lists: String = lists.collect();
    format!("{}{lists}", body.trim_end())
}

/// The line of a summary that says what the server does not know and where it is instead; `None` where it knows all.
pub fn not_native(sub_issues: bool, dependencies: bool) -> Option<&'static str> {
    match (sub_issues, dependencies) {
        (true, true) => None,
        (false, false) => Some(
            "This GitHub server knows neither sub-issues nor dependencies: they stand as task lists here and in the \
             issues.",
        ),
        (false, true) => Some(
            "This GitHub server knows no sub-issues: they stand as task lists here and in the issues that group them.",
        ),
        (true, false) => Some(
            "This GitHub server knows no dependencies: they stand as task lists in the issues that wait.",
        ),
    }
}
