//! How a command fails: with an exit code and words for a person.

use std::fmt;
use std::process::ExitCode;

use super::terminal::Terminal;
use crate::config::Fault;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// Exit code 1, and each cause in words.
    Failed(anyhow::Error),
    /// Exit code 2: what was given is wrong.
    BadInput(String),
    /// Exit code 2: every fault of the config.
    BadConfig(Vec<Fault>),
    /// This exit code; everything has been said.
    Told(u8),
    /// Who reads our output has enough: no words, and no failure.
    OutputClosed,
}

/// Faults of the config as a failure; for `map_err`.
pub fn bad_config(faults: Vec<Fault>) -> Failure {
    Failure::BadConfig(faults)
}

impl Failure {
    /// Tells the person, and answers the exit code.
    pub fn report(&self) -> ExitCode {
        let code = match self {
            Self::OutputClosed => return ExitCode::SUCCESS,
            Self::Told(code) => return ExitCode::from(*code),
            Self::Failed(_) => 1,
            Self::BadInput(_) | Self::BadConfig(_) => 2,
        };
        let terminal = Terminal::of_errors();
        terminal.line(format_args!("{} {self}", terminal.red("error:")));
        ExitCode::from(code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => {
                write!(f, "{error}")?;
                let mut said = error.to_string();
                // Many an error says its cause itself.
                for cause in error.chain().skip(1).map(ToString::to_string) {
                    if !said.contains(&cause) {
                        write!(f, ": {cause}")?;
                        said = cause;
                    }
                }
                Ok(())
            }
            Self::BadInput(says) => f.write_str(says),
            Self::BadConfig(faults) => {
                let wrong = if faults.len() == 1 {
                    "value is"
                } else {
                    "values are"
                };
                write!(f, "{} configured {wrong} wrong or missing", faults.len())?;
                faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
            }
            Self::Told(_) => f.write_str("it was said above"),
            Self::OutputClosed => f.write_str("nobody reads the output any more"),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<std::io::Error> for Failure {
    /// Of writing our output: a closed pipe is the reader's choice.
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::OutputClosed
        } else {
            Self::Failed(anyhow::Error::new(error).context("cannot write the output"))
        }
    }
}
