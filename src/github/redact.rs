//! Takes tokens out of text that GitHub or the network gave us, before it can reach a log or a person.

/// Longest text that is kept of an answer or an error.
const LONGEST: usize = 500;
const PREFIXES: [&str; 7] = ["github_pat_", "ghs_", "ghp_", "gho_", "ghu_", "ghr_", "eyJ"];

/// The text without tokens, on one line, cut to a length fit for a message.
pub(super) fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LONGEST));
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(prefix) = PREFIXES.iter().find(|p| rest.starts_with(**p)) {
            out.push_str("[redacted]");
            rest = rest[prefix.len()..]
                .trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_-.".contains(c));
        } else {
            let first = rest.chars().next().unwrap_or_default();
            out.push(if first.is_control() { ' ' } else { first });
            rest = &rest[first.len_utf8()..];
        }
        if out.len() > LONGEST {
            out.push('…');
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_every_kind_are_taken_out() {
        let text =
            "bad ghs_12345_eyJhb.cd-e_f and (github_pat_11AB_cd), Bearer eyJhbGciOi.J9.x, ghp_a.";
        assert_eq!(
            redact(text),
            "bad [redacted] and ([redacted]), Bearer [redacted], [redacted]"
        );
    }

    #[test]
    fn long_text_is_cut_and_stays_on_one_line() {
        let said = redact(&"é\n".repeat(2000));
        assert!(said.len() < 520 && said.ends_with('…') && !said.contains('\n'));
    }
}
