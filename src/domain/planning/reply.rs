//! The JSON object in a reply: what stands around it is stripped, it itself is read strictly.

use serde_json::Value;

/// Longer replies are not looked at.
const LONGEST: usize = 1_000_000;
/// Beginnings that are tried.
const TRIES: usize = 8;

/// The object in a reply that has this field; else what is wrong, in words for the model.
pub(super) fn object(reply: &str, field: &str) -> Result<Value, String> {
    if reply.len() > LONGEST {
        return Err(format!(
            "The answer is longer than {LONGEST} bytes. Answer shorter."
        ));
    }
    let reply = reply.trim_start_matches('\u{feff}').trim();
    if reply.is_empty() {
        return Err("The answer is empty. Answer with the JSON object.".to_owned());
    }
    let mut from = 0;
    let mut first = None;
    for _ in 0..TRIES {
        let Some(start) = reply[from..].find('{').map(|at| from + at) else {
            break;
        };
        let Some(end) = end_of_object(&reply[start..]).map(|length| start + length) else {
            first.get_or_insert(truncated(&reply[start..]));
            from = start + 1;
            continue;
        };
        match serde_json::from_str::<Value>(&reply[start..end]) {
            Ok(value) if value.get(field).is_some() => return Ok(value),
            Ok(_) => {
                first.get_or_insert(format!("The object has no field `{field}`."));
                from = end;
            }
            Err(error) => {
                first.get_or_insert(unreadable(&error));
                from = start + 1;
            }
        }
    }
    Err(first.unwrap_or_else(|| {
        "The answer holds no JSON object. Answer with the JSON object and nothing else.".to_owned()
    }))
}

fn truncated(rest: &str) -> String {
    let tail: Vec<char> = rest.chars().rev().take(40).collect();
    let tail: String = tail.into_iter().rev().collect();
    format!(
        "The JSON is cut off: it ends with `{}` and its braces are not closed. Give the whole object, with shorter \
         texts if need be.",
        tail.split_whitespace().collect::<Vec<_>>().join(" ")
    )
}

fn unreadable(error: &serde_json::Error) -> String {
    format!(
        "The JSON cannot be read: {error}, counted from the opening brace. Use strict JSON: double quotes, no trailing \
         comma, no comment, line breaks inside texts as \\n."
    )
}

/// How long the object at the beginning is; `None` if it is never closed.
fn end_of_object(text: &str) -> Option<usize> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}
