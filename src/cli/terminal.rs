//! What a person sees in a terminal: colour only there, and lines of progress.

use std::fmt;
use std::io::{self, IsTerminal as _};

use crate::config::Environment;

/// Where lines go, and whether they may be coloured. `NO_COLOR` and `TERM=dumb` are respected.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    stream: Stream,
    colour: bool,
}

#[derive(Debug, Clone, Copy)]
enum Stream {
    Output,
    Errors,
}

impl Terminal {
    /// The standard output: results.
    pub fn of_output() -> Self {
        Self {
            stream: Stream::Output,
            colour: io::stdout().is_terminal() && wants_colour(),
        }
    }

    /// The standard error: progress and complaints, so that results can be piped.
    pub fn of_errors() -> Self {
        Self {
            stream: Stream::Errors,
            colour: io::stderr().is_terminal() && wants_colour(),
        }
    }

    /// Is a person looking?
    pub fn is_watched(self) -> bool {
        match self.stream {
            Stream::Output => io::stdout().is_terminal(),
            Stream::Errors => io::stderr().is_terminal(),
        }
    }

    /// May lines be coloured?
    pub fn is_coloured(self) -> bool {
        self.colour
    }

    /// Writes text as it is, and says if nobody takes it.
    pub fn write(self, text: &str) -> io::Result<()> {
        let write = |stream: &mut dyn io::Write| {
            stream.write_all(text.as_bytes())?;
            stream.flush()
        };
        match self.stream {
            Stream::Output => write(&mut io::stdout().lock()),
            Stream::Errors => write(&mut io::stderr().lock()),
        }
    }

    /// Writes one line; where nobody takes it, the work goes on.
    pub fn line(self, line: fmt::Arguments<'_>) {
        let _ = self.write(&format!("{line}\n"));
    }

    /// `✓ what was done`
    pub fn done(self, what: fmt::Arguments<'_>) {
        self.line(format_args!("{} {what}", self.green("✓")));
    }

    /// `→ what begins`
    pub fn step(self, what: fmt::Arguments<'_>) {
        self.line(format_args!("{} {what}", self.cyan("→")));
    }

    /// `! what to look at`
    pub fn warning(self, what: fmt::Arguments<'_>) {
        self.line(format_args!("{} {what}", self.yellow("!")));
    }

    pub fn bold(self, text: impl fmt::Display) -> String {
        self.styled("1", &text)
    }

    pub fn dim(self, text: impl fmt::Display) -> String {
        self.styled("2", &text)
    }

    pub fn red(self, text: impl fmt::Display) -> String {
        self.styled("1;31", &text)
    }

    pub fn green(self, text: impl fmt::Display) -> String {
        self.styled("32", &text)
    }

    pub fn yellow(self, text: impl fmt::Display) -> String {
        self.styled("33", &text)
    }

    pub fn cyan(self, text: impl fmt::Display) -> String {
        self.styled("36", &text)
    }

    fn styled(self, code: &str, text: &dyn fmt::Display) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_string()
        }
    }
}

fn wants_colour() -> bool {
    let environment = Environment::of_process_alone();
    environment.get("NO_COLOR").is_none() && environment.get("TERM") != Some("dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_coloured_where_nobody_looks() {
        let terminal = Terminal {
            stream: Stream::Output,
            colour: false,
        };
        assert_eq!(terminal.bold("x"), "x");
        let terminal = Terminal {
            colour: true,
            ..terminal
        };
        assert_eq!(terminal.bold("x"), "\u{1b}[1mx\u{1b}[0m");
    }
}
