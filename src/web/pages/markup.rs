//! The forms in a page of ours, read from its markup and written again. It reads what our templates
//! write and nothing else: names in small letters, values in double quotes, `<` only where a tag begins.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

/// A beginning or an end: its name, its attributes as they stand, where it stands.
struct Tag<'p> {
    name: &'p str,
    is_end: bool,
    attributes: Vec<(&'p str, Option<Cow<'p, str>>)>,
    at: Range<usize>,
    is_changed: bool,
    /// What is put before it, and after it.
    before: String,
    after: String,
    /// What replaces the text up to the next tag.
    text: Option<String>,
}

impl<'p> Tag<'p> {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(one, _)| *one == name)?;
        Some(found.1.as_deref().unwrap_or_default())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn plain(&self, name: &str) -> String {
        self.get(name).map(unescaped).unwrap_or_default()
    }

    fn set(&mut self, name: &'p str, value: &str) {
        self.is_changed = true;
        let value = Some(Cow::Owned(escaped(value)));
        match self.attributes.iter_mut().find(|(one, _)| *one == name) {
            Some(found) => found.1 = value,
            None => self.attributes.push((name, value)),
        }
    }

    fn mark(&mut self, name: &'p str, is_set: bool) {
        if self.has(name) != is_set {
            self.is_changed = true;
            self.attributes.retain(|(one, _)| *one != name);
            if is_set {
                self.attributes.push((name, None));
            }
        }
    }

    fn write(&self, page: &str, out: &mut String) {
        out.push_str(&self.before);
        if self.is_changed {
            let _ = write!(out, "<{}", self.name);
            for (name, value) in &self.attributes {
                let _ = match value {
                    Some(value) => write!(out, " {name}=\"{value}\""),
                    None => write!(out, " {name}"),
                };
            }
            out.push('>');
        } else {
            out.push_str(&page[self.at.clone()]);
        }
        out.push_str(&self.after);
    }
}

/// A form: where it is sent, and the tags it stands between.
pub struct Form {
    /// Where it is sent; a button may send it elsewhere.
    pub actions: Vec<String>,
    id: String,
    tags: Range<usize>,
}

/// Something of a form that is sent.
pub struct Control {
    pub name: String,
    pub id: String,
    pub value: String,
    pub is_hidden: bool,
    /// A hidden value that is another one each time the page is drawn.
    pub is_fresh: bool,
    pub is_button: bool,
    is_secret: bool,
    kind: String,
    pub tag: usize,
}

impl Control {
    pub fn comes_back(&self) -> bool {
        !self.is_hidden && !self.is_button && !self.is_secret
    }

    /// Whether its value is chosen among given ones.
    pub fn is_choice(&self) -> bool {
        matches!(self.kind.as_str(), "checkbox" | "radio" | "select")
    }
}

pub struct Markup<'p> {
    page: &'p str,
    tags: Vec<Tag<'p>>,
    /// Those that name a form, wherever they stand.
    naming: Vec<usize>,
    /// How often a tag was looked at for a form.
    #[cfg(test)]
    looks: std::cell::Cell<usize>,
}

impl<'p> Markup<'p> {
    pub fn read(page: &'p str) -> Self {
        let mut tags = Vec::new();
        let mut at = 0;
        while let Some(start) = page[at..].find('<').map(|found| at + found) {
            let Some(end) = end_of_tag(page, start) else { break };
            if let Some(tag) = tag(page, start..end) {
                tags.push(tag);
            }
            at = end;
        }
        let naming = (0..tags.len()).filter(|at| tags[*at].has("form")).collect();
        Markup {
            page,
            tags,
            naming,
            #[cfg(test)]
            looks: std::cell::Cell::new(0),
        }
    }

    #[cfg(test)]
    pub fn looks(&self) -> usize {
        self.looks.get()
    }

    pub fn forms(&self) -> Vec<Form> {
        let starts =
            (0..self.tags.len()).filter(|at| self.tags[*at].name == "form" && !self.tags[*at].is_end);
        let form = |at: usize| {
            let end =
                (at..self.tags.len()).find(|end| self.tags[*end].name == "form" && self.tags[*end].is_end);
            let tags = at..end.unwrap_or(self.tags.len());
            let elsewhere = self.tags[tags.clone()].iter().filter(|tag| tag.has("formaction"));
            let mut actions = vec![self.tags[at].plain("action")];
            actions.extend(elsewhere.map(|button| button.plain("formaction")));
            Form { actions, id: self.tags[at].plain("id"), tags }
        };
        starts.map(form).collect()
    }

    /// Those that stand in the form, and those elsewhere that name it, in the order of the page.
    pub fn controls(&self, form: &Form) -> Vec<Control> {
        let names_it =
            |at: &usize| !form.id.is_empty() && self.tags[*at].get("form") == Some(form.id.as_str());
        let within = form.tags.clone().filter(|at| !self.tags[*at].has("form"));
        let mut of_form: Vec<usize> = within.chain(self.naming.iter().copied().filter(names_it)).collect();
        of_form.sort_unstable();
        of_form.into_iter().filter_map(|at| self.control(at)).collect()
    }

    fn control(&self, at: usize) -> Option<Control> {
        #[cfg(test)]
        self.looks.set(self.looks.get() + 1);
        let tag = &self.tags[at];
        let kind = match tag.name {
            _ if tag.is_end || !tag.has("name") => return None,
            "input" => tag.get("type").unwrap_or("text"),
            "select" | "textarea" => tag.name,
            "button" => "submit",
            _ => return None,
        };
        let is_code = tag.get("autocomplete") == Some("one-time-code");
        Some(Control {
            name: tag.plain("name"),
            id: tag.plain("id"),
            value: tag.plain("value"),
            is_hidden: kind == "hidden",
            is_fresh: tag.has("data-fresh"),
            is_button: matches!(kind, "submit" | "image" | "button" | "reset"),
            is_secret: is_code || matches!(kind, "password" | "file"),
            kind: kind.to_owned(),
            tag: at,
        })
    }

    pub fn set_value(&mut self, control: &Control, value: &str) {
        let tag = &mut self.tags[control.tag];
        if control.kind == "textarea" {
            // A line feed right after the tag is not part of the text.
            tag.text = Some(format!("\n{}", escaped(value)));
        } else {
            tag.set("value", value);
        }
    }

    pub fn choose(&mut self, control: &Control, is_chosen: impl Fn(&str) -> bool) {
        if control.kind != "select" {
            let value = if self.tags[control.tag].has("value") { control.value.as_str() } else { "on" };
            self.tags[control.tag].mark("checked", is_chosen(value));
            return;
        }
        let end = self.end_of(control.tag);
        let options: Vec<usize> = (control.tag..end)
            .filter(|at| self.tags[*at].name == "option" && !self.tags[*at].is_end)
            .collect();
        let values: Vec<String> = options.iter().map(|at| self.option(*at)).collect();
        if values.iter().any(|value| is_chosen(value)) {
            for (at, value) in options.into_iter().zip(values) {
                self.tags[at].mark("selected", is_chosen(&value));
            }
        }
    }

    fn option(&self, at: usize) -> String {
        if self.tags[at].has("value") {
            self.tags[at].plain("value")
        } else {
            unescaped(self.text(at)).trim().to_owned()
        }
    }

    /// The text between a tag and the next one.
    fn text(&self, at: usize) -> &'p str {
        let end = self.tags.get(at + 1).map_or(self.page.len(), |next| next.at.start);
        &self.page[self.tags[at].at.end..end]
    }

    /// Where what begins here ends.
    fn end_of(&self, at: usize) -> usize {
        let name = self.tags[at].name;
        (at..self.tags.len()).find(|end| self.tags[*end].name == name && self.tags[*end].is_end).unwrap_or(at)
    }

    /// What the summaries say of fields: the field and the reason.
    pub fn reasons(&self) -> Vec<(String, String)> {
        let is_summary = |tag: &Tag<'_>| tag.get("class").is_some_and(|class| class == "errors");
        let summaries = (0..self.tags.len()).filter(|at| is_summary(&self.tags[*at]));
        let links = summaries.flat_map(|at| (at..self.end_of(at)).filter(|at| self.tags[*at].name == "a"));
        let told = |at: usize| {
            let field = self.tags[at].plain("href").strip_prefix('#')?.to_owned();
            Some((field, unescaped(self.text(at)).trim().to_owned()))
        };
        links.filter_map(told).collect()
    }

    /// A group of choices that is named as one.
    pub fn group(&self, form: &Form, id: &str) -> Option<usize> {
        form.tags.clone().find(|at| self.tags[*at].name == "fieldset" && self.tags[*at].get("id") == Some(id))
    }

    /// Ties a reason to what it is about: the reason before it, its summary leading to it.
    pub fn explain(&mut self, form: &Form, at: usize, field: &str, reason: &str) {
        let own = self.tags[at].plain("id");
        let id = if own.is_empty() { format!("field-{field}") } else { own };
        let beside = format!("{id}-reason");
        match self.reason_beside(form, at, reason) {
            Some(found) => self.tags[found].set("id", &beside),
            None => {
                let words =
                    format!("<span class=\"reason\" id=\"{}\">{}</span>", escaped(&beside), escaped(reason));
                self.put_beside(at, words);
            }
        }
        let described = self.tags[at].plain("aria-describedby");
        let described = if described.is_empty() { beside } else { format!("{described} {beside}") };
        let tag = &mut self.tags[at];
        tag.set("id", &id);
        tag.set("aria-describedby", &described);
        if tag.name != "fieldset" {
            tag.set("aria-invalid", "true");
        }
        self.frame_field(form, at);
        let (from, to) = (format!("#{field}"), format!("#{id}"));
        let leads =
            |tag: &Tag<'_>| tag.name == "a" && tag.get("href").map(unescaped).as_deref() == Some(&from);
        if from != to {
            self.tags.iter_mut().filter(|tag| leads(tag)).for_each(|tag| tag.set("href", &to));
        }
    }

    /// A reason that the page wrote itself, between the field before and this one.
    fn reason_beside(&self, form: &Form, at: usize, reason: &str) -> Option<usize> {
        let is_field = |at: &usize| self.control(*at).is_some_and(|control| !control.is_hidden);
        let is_group = self.tags[at].name == "fieldset";
        let range = if is_group {
            at..(at..self.end_of(at)).find(is_field).unwrap_or(at)
        } else {
            (form.tags.start..at).rev().find(is_field).map_or(form.tags.start, |before| before + 1)..at
        };
        range.rev().find(|at| {
            self.tags[*at].get("class") == Some("reason") && unescaped(self.text(*at)).trim() == reason
        })
    }

    fn put_beside(&mut self, at: usize, words: String) {
        let legend =
            (at..self.end_of(at)).find(|end| self.tags[*end].name == "legend" && self.tags[*end].is_end);
        match legend.filter(|_| self.tags[at].name == "fieldset") {
            Some(legend) => self.tags[legend].after.push_str(&words),
            None => self.tags[at].before.push_str(&words),
        }
    }

    /// The box around a field shows that something in it is wrong.
    fn frame_field(&mut self, form: &Form, at: usize) {
        let boxes = (form.tags.start..=at).rev().find(|at| {
            let class = self.tags[*at].get("class").unwrap_or_default();
            !self.tags[*at].is_end && class.split(' ').any(|one| one == "field")
        });
        let Some(around) = boxes else { return };
        let class = self.tags[around].plain("class");
        let is_within = self.tags[at].name == "fieldset" || self.end_of(around) >= at;
        if is_within && !class.split(' ').any(|one| one == "wrong") {
            self.tags[around].set("class", &format!("{class} wrong"));
        }
    }

    /// Opens what the form is folded away in.
    pub fn open_around(&mut self, form: &Form) {
        let mut folded = Vec::new();
        for at in 0..form.tags.start {
            match (self.tags[at].name, self.tags[at].is_end) {
                ("details", false) => folded.push(at),
                ("details", true) => _ = folded.pop(),
                _ => {}
            }
        }
        folded.into_iter().for_each(|at| self.tags[at].mark("open", true));
    }

    pub fn write(&self) -> String {
        let mut out = String::with_capacity(self.page.len() + 2_000);
        let mut at = 0;
        for (index, tag) in self.tags.iter().enumerate() {
            out.push_str(&self.page[at..tag.at.start]);
            tag.write(self.page, &mut out);
            at = tag.at.end;
            if let Some(text) = &tag.text {
                out.push_str(text);
                at += self.text(index).len();
            }
        }
        out.push_str(&self.page[at..]);
        out
    }
}

/// Where a tag ends; a `>` inside quotes is text.
fn end_of_tag(page: &str, start: usize) -> Option<usize> {
    if page[start..].starts_with("<!--") {
        return page[start..].find("-->").map(|found| start + found + 3);
    }
    let mut is_quoted = false;
    for (at, byte) in page.bytes().enumerate().skip(start) {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'>' if !is_quoted => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn tag(page: &str, at: Range<usize>) -> Option<Tag<'_>> {
    let inside = page.get(at.start + 1..at.end - 1)?;
    let (is_end, inside) = inside.strip_prefix('/').map_or((false, inside), |rest| (true, rest));
    let length = inside.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let (name, rest) = inside.split_at(length);
    if name.is_empty() || !name.as_bytes()[0].is_ascii_lowercase() {
        return None;
    }
    let (before, after, text) = (String::new(), String::new(), None);
    Some(Tag { name, is_end, attributes: attributes(rest), at, is_changed: false, before, after, text })
}

fn attributes(mut rest: &str) -> Vec<(&str, Option<Cow<'_, str>>)> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start().trim_start_matches('/');
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() {
            return found;
        }
        let quoted = after.strip_prefix("=\"").and_then(|after| after.split_once('"'));
        match quoted {
            Some((value, after)) => {
                found.push((name, Some(Cow::Borrowed(value))));
                rest = after;
            }
            None => {
                found.push((name, None));
                rest = after.strip_prefix('=').unwrap_or(after);
            }
        }
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

const MARKS: [(&str, &str); 9] = [
    ("&lt;", "<"),
    ("&#60;", "<"),
    ("&gt;", ">"),
    ("&#62;", ">"),
    ("&quot;", "\""),
    ("&#34;", "\""),
    ("&#39;", "'"),
    ("&#38;", "&"),
    ("&amp;", "&"),
];

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let mark = MARKS.iter().find(|(mark, _)| rest.starts_with(mark));
        let (mark, plain) = mark.copied().unwrap_or(("&", "&"));
        out.push_str(plain);
        rest = &rest[mark.len()..];
    }
    out.push_str(rest);
    out
}
