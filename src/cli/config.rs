//! `openproducer config`: what holds, and where it comes from; secrets hidden.

use std::fmt::Write as _;

use serde_json::json;

use super::arguments::ConfigArguments;
use super::failure::{Failure, bad_config};
use super::terminal::Terminal;
use crate::config::{AppMode, Config, Origin, Setting};

/// What only an App has.
const OF_AN_APP: [&str; 6] = [
    "GITHUB_APP_ID",
    "GITHUB_PRIVATE_KEY",
    "GITHUB_PRIVATE_KEY_PATH",
    "GITHUB_WEBHOOK_SECRET",
    "GITHUB_CLIENT_ID",
    "GITHUB_CLIENT_SECRET",
];

/// Prints every setting, or every fault with exit code 2.
pub(super) fn run(args: &ConfigArguments) -> Result<(), Failure> {
    let config = match Config::load() {
        Ok(config) => config,
        Err(faults) if args.json => {
            let document = json!({ "faults": faults });
            Terminal::of_output().write(&format!("{document:#}\n"))?;
            return Err(Failure::Told(2));
        }
        Err(faults) => return Err(bad_config(faults)),
    };
    if args.json {
        let document = json!({
            "settings": config.settings,
            "data_folder": config.data_folder,
            "warnings": config.warnings,
        });
        Terminal::of_output().write(&format!("{document:#}\n"))?;
        return Ok(());
    }
    let terminal = Terminal::of_output();
    terminal.write(&table(&config, terminal))?;
    for warning in &config.warnings {
        Terminal::of_errors().warning(format_args!("{warning}"));
    }
    Ok(())
}

fn table(config: &Config, terminal: Terminal) -> String {
    let name_width = widest(config.settings.iter().map(|setting| setting.name.len()));
    let value_width = widest(
        config
            .settings
            .iter()
            .map(|setting| words(config, setting).chars().count()),
    )
    .min(60);
    let mut table = String::new();
    for setting in &config.settings {
        let value = format!("{:value_width$}", words(config, setting));
        let value = match (&setting.value, setting.origin) {
            (None, _) => terminal.dim(value),
            (Some(_), Origin::Default) => value,
            (Some(_), _) => terminal.bold(value),
        };
        let origin = match (&setting.value, setting.origin) {
            (None, _) => String::new(),
            (Some(_), origin) => terminal.dim(origin),
        };
        let line = format!("{:name_width$}  {value}  {origin}", setting.name);
        table.push_str(line.trim_end());
        table.push('\n');
    }
    if config.github.mode == AppMode::Token {
        table.push_str(
            "\nGITHUB_APP_MODE=token: process, status and rollback act as the owner of GITHUB_TOKEN; serve and worker \
             need an App.\n",
        );
    }
    if config.database_url.is_none() {
        let folder = config.data_folder.join("postgres");
        // Cannot fail: a String takes everything.
        let _ = writeln!(
            table,
            "\nThe embedded PostgreSQL lives in {}",
            folder.display()
        );
    }
    table
}

/// The value, or what happens without one.
fn words(config: &Config, setting: &Setting) -> String {
    let of_another_mode = config.github.mode == AppMode::Token && OF_AN_APP.contains(&setting.name);
    match (&setting.value, setting.without) {
        (None, _) if of_another_mode => "not set: only an App needs it".to_owned(),
        (Some(value), _) => value.replace('\n', " "),
        (None, "") => "not set".to_owned(),
        (None, without) => format!("not set: {without}"),
    }
}

fn widest(widths: impl Iterator<Item = usize>) -> usize {
    widths.max().unwrap_or(0)
}
