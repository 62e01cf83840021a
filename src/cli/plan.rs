//! `openproducer plan`: from a file to a plan, with nothing else around.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;

use serde::Serialize;

use super::arguments::{PlanArguments, PlanFormat};
use super::failure::{Failure, bad_config};
use super::terminal::Terminal;
use crate::config::{Config, Environment};
use crate::domain::grouping::{self, Room};
use crate::domain::plan::Plan;
use crate::domain::present;
use crate::domain::quality::{self, Report};
use crate::domain::request::{self, Limits, Request};
use crate::domain::spec::{BlockKind, Spec};
use crate::domain::structure::{self, Decision, Wishes};
use crate::domain::trigger::BotNames;

/// No issue on GitHub is longer by far; a bigger file is some other file.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Plans the file and prints the plan.
pub(super) fn run(args: &PlanArguments) -> Result<(), Failure> {
    let bot = bot_settings()?;
    let text = read(&args.spec)?;
    let printed = Printed::of(args, &text, &bot)?.in_format(args.chosen_format())?;
    let ending = if printed.ends_with('\n') { "" } else { "\n" };
    Terminal::of_output().write(&format!("{printed}{ending}"))?;
    Ok(())
}

/// The plan and what was asked about it; its JSON is the plan's with more in it.
#[derive(Serialize)]
struct Printed {
    #[serde(flatten)]
    plan: Plan,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Vec<Decision>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Report>,
}

impl Printed {
    fn of(args: &PlanArguments, text: &str, bot: &(BotNames, u32)) -> Result<Self, Failure> {
        let is_drawn = matches!(
            args.chosen_format(),
            PlanFormat::Mermaid | PlanFormat::Markdown
        );
        if is_drawn && (args.explain || args.report) {
            let flag = if args.explain {
                "--explain"
            } else {
                "--report"
            };
            return Err(Failure::BadInput(format!(
                "{flag} goes with --format text or json"
            )));
        }
        let (plan, decisions) = planned(args, text, bot)?;
        let report = args.report.then(|| quality::report(&plan));
        Ok(Self {
            plan,
            report,
            explanation: args.explain.then_some(decisions),
        })
    }

    fn in_format(&self, format: PlanFormat) -> Result<String, Failure> {
        match format {
            PlanFormat::Text => {
                let mut text = present::text(&self.plan);
                if let Some(decisions) = &self.explanation {
                    text = format!("{text}\n{}", present::explanation(&self.plan, decisions));
                }
                if let Some(report) = &self.report {
                    text = format!("{text}\n{}", present::quality(report));
                }
                Ok(text)
            }
            PlanFormat::Markdown => Ok(present::markdown(&self.plan)),
            PlanFormat::Mermaid => Ok(present::mermaid(&self.plan)),
            PlanFormat::Json => {
                serde_json::to_string_pretty(self).map_err(|error| Failure::Failed(error.into()))
            }
        }
    }
}

/// To whom the bot answers, and how many issues it may plan; the rest of the config is no concern of a plan.
fn bot_settings() -> Result<(BotNames, u32), Failure> {
    let environment = Environment::of_process().unwrap_or_else(|_| Environment::of_process_alone());
    let bot = Config::bot_from(&environment).map_err(bad_config)?;
    Ok((BotNames::new([bot.mention.name()]), bot.max_issues_per_run))
}

fn planned(
    args: &PlanArguments,
    text: &str,
    (names, maximum): &(BotNames, u32),
) -> Result<(Plan, Vec<Decision>), Failure> {
    let maximum = *maximum;
    if let Some(count) = args.count.filter(|count| *count == 0 || *count > maximum) {
        let says = format!("--count must be 1 to {maximum}, got {count}");
        return Err(Failure::BadInput(says));
    }
    let request = request::parse(args.title.as_deref(), text, names, &Limits { maximum }).map_err(
        |complaints| {
            let lines: Vec<String> = complaints
                .iter()
                .map(|complaint| format!("\n  {complaint}"))
                .collect();
            Failure::BadInput(format!(
                "{} cannot be planned:{}",
                shown(&args.spec),
                lines.concat()
            ))
        },
    )?;
    let title = title(args, &request.spec.text);
    let wishes = wishes(args, &request, maximum);
    let (mut plan, mut decisions) = if args.explain {
        structure::explain(&title, &request.spec.text, &wishes)
    } else {
        let plan = structure::plan(&title, &request.spec.text, &wishes);
        (plan, Vec::new())
    };
    let before = plan.issues.clone();
    let warnings = request.warnings.iter().map(ToString::to_string);
    plan.warnings.splice(0..0, warnings);
    if request.options.sub_issues != Some(false) {
        plan = grouping::fit(plan, &Room::EMPTY, &BTreeSet::new());
    }
    if request.options.dependencies != Some(false) {
        plan = grouping::limit_waits(plan);
    }
    structure::renumber(&mut decisions, &before, &plan.issues);
    Ok((plan, decisions))
}

/// A flag wins over an option in the file.
fn wishes(args: &PlanArguments, request: &Request, maximum: u32) -> Wishes {
    let options = &request.options;
    Wishes {
        count: args.count.or(options.count),
        components: first(&args.components, &options.components),
        known_components: Vec::new(),
        labels: first(&args.labels, &options.labels),
        assignees: first(&args.assignees, &options.assignees),
        repositories: first(&args.repositories, &options.repositories),
        maximum,
    }
}

fn first<T: Clone>(flag: &[T], option: &[T]) -> Vec<T> {
    if flag.is_empty() { option } else { flag }.to_vec()
}

/// What `--title` says, else the first heading, else the file's name when it reads like one.
fn title(args: &PlanArguments, text: &str) -> String {
    let given = args
        .title
        .as_deref()
        .map(str::trim)
        .filter(|title| !title.is_empty());
    given
        .map(str::to_owned)
        .or_else(|| first_heading(text))
        .or_else(|| {
            let stem = args.spec.file_stem().filter(|_| !is_input(&args.spec))?;
            title_of_file(&stem.to_string_lossy())
        })
        .unwrap_or_default()
}

/// "team-inbox-prd" reads like a title; "o", "spec2" and "issue-12" do not.
fn title_of_file(stem: &str) -> Option<String> {
    let words: Vec<&str> = stem
        .split(['_', '-', ' '])
        .filter(|word| !word.is_empty())
        .collect();
    let reads = words.len() >= 2
        && words
            .iter()
            .all(|word| word.chars().count() >= 2 && word.chars().all(char::is_alphabetic));
    reads.then(|| words.join(" "))
}

fn first_heading(text: &str) -> Option<String> {
    let spec = Spec::parse("", text);
    let heading = spec
        .blocks
        .into_iter()
        .find(|block| block.kind == BlockKind::Heading)?;
    let words = heading
        .text
        .trim_matches(|c: char| c == '#' || c.is_whitespace());
    (!words.is_empty()).then(|| words.to_owned())
}

/// The file's text, or the input's for `-`.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let name = shown(path);
    let failed = |error: std::io::Error| {
        let says = match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no file {name}"),
            std::io::ErrorKind::IsADirectory => format!("{name} is a folder; name a Markdown file"),
            _ => format!("cannot read {name}: {error}"),
        };
        Failure::BadInput(says)
    };
    let mut bytes = Vec::new();
    if is_input(path) {
        std::io::stdin()
            .lock()
            .take(LARGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
    } else {
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(LARGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
    }
    let bad = |says: &str| Failure::BadInput(format!("{name} {says}"));
    if bytes.len() as u64 > LARGEST {
        return Err(bad("is larger than 4 MB; is it a specification?"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.split(|byte| *byte == b'\n').count();
        bad(&format!("is not text in UTF-8 (line {line})"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
    if text.trim().is_empty() {
        return Err(bad("is empty; there is nothing to plan"));
    }
    Ok(text)
}

fn is_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn shown(path: &Path) -> String {
    if is_input(path) {
        "the input".to_owned()
    } else {
        path.display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::title_of_file;

    #[test]
    fn a_file_name_is_a_title_only_when_it_reads_like_one() {
        assert_eq!(
            title_of_file("team-inbox-prd").as_deref(),
            Some("team inbox prd")
        );
        for stem in ["o", "spec", "issue-12", "a_b"] {
            assert_eq!(title_of_file(stem), None, "{stem}");
        }
    }
}
