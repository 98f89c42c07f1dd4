//! Forms and text of pages, read far enough to sign in: our own pages and those of other identity
//! providers that keep to plain forms.

/// A form as it would be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HtmlForm {
    /// Its target.
    pub action: String,
    /// Its inputs with their values.
    pub fields: Vec<(String, String)>,
}

impl HtmlForm {
    /// Whether it has an input of this name.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(n, _)| n == name)
    }

    /// The same with a value filled in.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(n, _)| n != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The forms of a page.
pub fn forms(html: &str) -> Vec<HtmlForm> {
    let mut forms: Vec<HtmlForm> = Vec::new();
    let mut inside = false;
    for tag in tags(html) {
        match tag.name.as_str() {
            "form" => {
                inside = true;
                forms.push(HtmlForm {
                    action: tag.attribute("action").unwrap_or_default(),
                    fields: Vec::new(),
                });
            }
            "/form" => inside = false,
            "input" if inside => {
                let kind = tag.attribute("type").unwrap_or_default();
                let ticked =
                    !matches!(kind.as_str(), "checkbox" | "radio") || tag.attribute("checked").is_some();
                if let (Some(form), Some(name), true) = (forms.last_mut(), tag.attribute("name"), ticked) {
                    form.fields.push((name, tag.attribute("value").unwrap_or_default()));
                }
            }
            _ => {}
        }
    }
    forms
}

/// The text of a page's main part, on one line.
pub fn text(html: &str) -> String {
    let main = html.split_once("<main").and_then(|(_, rest)| rest.split_once("</main>"));
    let html = main.map_or(html, |(main, _)| main.split_once('>').map_or(main, |(_, content)| content));
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    unescape(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<String> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone())
    }
}

fn tags(html: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let end = tag_end(after);
        found.push(tag(&after[..end]));
        rest = &after[end..];
    }
    found
}

/// Where the `>` is that ends a tag: not one inside a quoted value.
fn tag_end(html: &str) -> usize {
    let mut quote = None;
    for (i, c) in html.char_indices() {
        match (quote, c) {
            (None, '>') => return i,
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
    }
    html.len()
}

fn tag(inner: &str) -> Tag {
    let (name, mut rest) = inner.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((inner, ""));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            break;
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(rest.len());
        let key = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            (value, rest) = match after.chars().next() {
                Some(q @ ('"' | '\'')) => after[1..].split_once(q).unwrap_or((&after[1..], "")),
                _ => after.split_at(after.find(|c: char| c.is_ascii_whitespace()).unwrap_or(after.len())),
            };
        }
        attributes.push((key, unescape(value)));
    }
    Tag { name: name.to_ascii_lowercase(), attributes }
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        match after.split_once(';').and_then(|(name, tail)| Some((entity(name)?, tail))) {
            Some((c, tail)) => {
                out.push(c);
                rest = tail;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_it_would_be_sent() {
        let html = r#"<input name="outside"><FORM method=post action="/a?x=1&amp;y=2"><input type="hidden" name="csrf"
            value="a&#34;&gt;b"><input name='user_name'><input type=checkbox name=off><input type=checkbox name=on checked value=1></form>"#;
        let form = forms(html).remove(0);
        assert_eq!(form.action, "/a?x=1&y=2");
        let fields: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(fields, [("csrf", "a\">b"), ("user_name", ""), ("on", "1")]);
    }

    #[test]
    fn broken_pages_end() {
        for html in ["<form", "<form action=\"x", "<<<>>>", "&", "&#xffffffff;", "<input name=>"] {
            let _ = forms(html);
            let _ = text(html);
        }
    }

    #[test]
    fn text_is_what_a_person_reads() {
        assert_eq!(text("<nav>x</nav><main id=\"c\"><h1>A &amp; B</h1>\n<p>c</p></main>"), "A & B c");
    }
}
