//! Takes keys out of what a provider said, and leaves one short line of it.

/// The longest line that is kept, in characters.
const LONGEST: usize = 200;
/// A word of letters and digits this long is taken for a key.
const LIKE_A_KEY: usize = 32;
/// How keys begin.
const PREFIXES: [&str; 6] = ["sk-", "AIza", "eyJ", "gsk_", "xai-", "hf_"];

/// The first line, without the key and without anything that looks like one.
pub(super) fn line(text: &str, key: &str) -> String {
    let known = if key.is_empty() {
        text.to_owned()
    } else {
        text.replace(key, "[redacted]")
    };
    let first = known.lines().map(str::trim).find(|line| !line.is_empty());
    let mut out = String::new();
    let mut word = String::new();
    for char in first.unwrap_or_default().chars() {
        if char.is_alphanumeric() || matches!(char, '_' | '-' | '*' | '.') {
            word.push(char);
            continue;
        }
        settle(&mut out, &mut word);
        out.push(if char.is_control() { ' ' } else { char });
    }
    settle(&mut out, &mut word);
    if out.chars().count() > LONGEST {
        out = out.chars().take(LONGEST).collect();
        out.push('…');
    }
    out
}

fn settle(out: &mut String, word: &mut String) {
    let long = word.chars().count() >= LIKE_A_KEY && word.chars().any(|c| c.is_ascii_digit());
    if long || PREFIXES.iter().any(|prefix| word.starts_with(prefix)) {
        out.push_str("[redacted]");
    } else {
        out.push_str(word);
    }
    word.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_goes_in_any_place_and_so_does_what_looks_like_one() {
        let said = line(
            "\n bad key=pass-word, sk-proj-a_b, (AIzaSyB1) eyJhbGciOi.J9.x 0123456789abcdef0123456789abcdef at claude-sonnet-4-5-20250929\nnext",
            "pass-word",
        );
        assert_eq!(
            said,
            "bad key=[redacted], [redacted], ([redacted]) [redacted] [redacted] at claude-sonnet-4-5-20250929"
        );
    }

    #[test]
    fn long_line_is_cut_between_characters() {
        let said = line(&"é ".repeat(500), "");
        assert_eq!(said.chars().count(), LONGEST + 1);
        assert_eq!(line("\u{1b}[31mred", ""), "[31mred".replacen('[', " [", 1));
    }
}
