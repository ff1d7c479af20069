//! What the app reads of a page: its title, the code of its error, and its
//! forms with their hidden fields and buttons. A reader of tags, not of HTML.

/// A form of a page.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PageForm {
    /// Where it goes.
    pub action: String,
    /// Its hidden fields.
    pub hidden: Vec<(String, String)>,
    /// Its text fields.
    pub fields: Vec<String>,
    /// Its buttons and radio rows with a name.
    pub choices: Vec<Choice>,
}

/// Something to choose.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Choice {
    /// Name of the field.
    pub name: String,
    /// Its value.
    pub value: String,
    /// What the person reads.
    pub label: String,
}

/// One tag with its attributes, and the text up to the next tag.
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(is, _)| is == name).map(|(_, value)| value.as_str())
    }
}

fn tags(html: &str) -> Vec<Tag> {
    html.split('<').skip(1).filter_map(|part| part.split_once('>')).map(|(inside, text)| tag(inside, text)).collect()
}

fn tag(inside: &str, text: &str) -> Tag {
    let inside = inside.trim_end_matches('/').trim();
    let (name, mut rest) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
    let mut attributes = Vec::new();
    while let Some((attribute, after)) = next_attribute(rest) {
        attributes.push(attribute);
        rest = after;
    }
    Tag { name: name.to_lowercase(), attributes, text: unescape(text.trim()) }
}

fn next_attribute(rest: &str) -> Option<((String, String), &str)> {
    let rest = rest.trim_start();
    let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
    let (name, after) = rest.split_at_checked(end).filter(|(name, _)| !name.is_empty())?;
    let Some(quoted) = after.strip_prefix("=\"") else {
        let after = after.strip_prefix('=').map_or(after, |bare| bare.trim_start_matches(|c: char| !c.is_whitespace()));
        return Some(((name.to_lowercase(), String::new()), after));
    };
    let (value, after) = quoted.split_once('"')?;
    Some(((name.to_lowercase(), unescape(value)), after))
}

fn unescape(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

/// The title of a page.
pub fn title(html: &str) -> String {
    tags(html).into_iter().find(|tag| tag.name == "title").map(|tag| tag.text).unwrap_or_default()
}

/// The code of the error that a page shows.
pub fn error_code(html: &str) -> Option<String> {
    tags(html).iter().find_map(|tag| tag.attribute("data-code").map(str::to_owned))
}

/// The forms of a page that post something.
pub fn forms(html: &str) -> Vec<PageForm> {
    let mut forms = Vec::new();
    let mut open: Option<PageForm> = None;
    for tag in tags(html) {
        match (tag.name.as_str(), open.as_mut()) {
            ("form", _) if tag.attribute("method").is_some_and(|method| method.eq_ignore_ascii_case("post")) => {
                open =
                    Some(PageForm { action: tag.attribute("action").unwrap_or("").to_owned(), ..PageForm::default() });
            }
            ("/form", _) => forms.extend(open.take()),
            ("input", Some(form)) => input(form, &tag),
            ("button", Some(form)) => choice(form, &tag),
            // A row's words stand behind its button or radio, in whatever tags.
            (_, Some(form)) => {
                if let Some(last) = form.choices.last_mut().filter(|_| !tag.text.is_empty()) {
                    if !last.label.is_empty() {
                        last.label.push(' ');
                    }
                    last.label.push_str(&tag.text);
                }
            }
            (_, None) => {}
        }
    }
    forms
}

fn input(form: &mut PageForm, tag: &Tag) {
    let Some(name) = tag.attribute("name") else { return };
    let value = tag.attribute("value").unwrap_or("").to_owned();
    match tag.attribute("type").unwrap_or("text") {
        "hidden" => form.hidden.push((name.to_owned(), value)),
        "radio" | "checkbox" | "submit" => choice(form, tag),
        _ => form.fields.push(name.to_owned()),
    }
}

fn choice(form: &mut PageForm, tag: &Tag) {
    form.choices.push(Choice {
        name: tag.attribute("name").unwrap_or("").to_owned(),
        value: tag.attribute("value").unwrap_or("on").to_owned(),
        label: tag.text.clone(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_with_what_they_carry_and_offer() {
        let html = "<title>选择账号 &amp; more</title><p id=\"error\" data-code=\"x_y\">no</p>
            <form method=\"get\"><input name=\"q\"></form>
            <form method=\"post\" action=\"/choose?a=1&amp;b=2\"><input type=\"hidden\" name=\"csrf\" value=\"t\">
            <button name=\"account\" value=\"h1\" class=row><span>Acme 运维</span> <em>root</em></button>
            <input type=\"text\" name=\"code\" required></form>";
        assert_eq!((title(html).as_str(), error_code(html).as_deref()), ("选择账号 & more", Some("x_y")));
        let forms = forms(html);
        assert_eq!(forms.len(), 1);
        assert_eq!(forms[0].action, "/choose?a=1&b=2");
        assert_eq!(forms[0].hidden, [("csrf".to_owned(), "t".to_owned())]);
        assert_eq!(forms[0].fields, ["code"]);
        assert_eq!(forms[0].choices[0].label, "Acme 运维 root");
        assert_eq!(forms[0].choices[0].value, "h1");
    }
}
