//! The file as a list of the keys that were found, each with its place and of the right shape. What does
//! not fit the table of keys becomes a problem here.

use std::ops::Range;

use hubcommander_sdk::setting::Setting;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, Key, KnownCommand, Presence, Shape};
use super::near::{listed, nearest};
use super::problem::Collector;
use super::value::{self, Value};

/// A key in the file.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// What it is in the table of keys.
    pub key: &'static Key,
    /// What stands in the place of each `*` of its path: a name, or a number from 0.
    pub names: Vec<String>,
    /// Where its name stands.
    pub name_at: Range<usize>,
    /// Where its value stands.
    pub at: Range<usize>,
    /// The value.
    pub value: Value,
}

impl Found {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The texts and their places, if it is a list.
    pub fn texts(&self) -> &[(String, Range<usize>)] {
        match &self.value {
            Value::Texts(texts) => texts,
            _ => &[],
        }
    }

    /// The first name of its path.
    pub fn owner(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }
}

/// A command's own setting that is text.
#[derive(Clone, Debug)]
pub(super) struct OwnText {
    /// The command.
    pub command: String,
    /// The key.
    pub name: &'static str,
    /// The text.
    pub text: String,
    /// Where it stands.
    pub at: Range<usize>,
}

/// All keys that were found.
#[derive(Debug, Default)]
pub(super) struct Tree {
    found: Vec<Found>,
    /// What commands read by themselves, where a rule may want to look at it.
    own: Vec<OwnText>,
    /// Paths that are in the file, whether or not their values have the right shape.
    seen: Vec<&'static str>,
    /// The syntax was wrong somewhere, so that keys may be missing that are there.
    broken: bool,
}

impl Tree {
    /// Every key with this path in the table, whatever stands for its `*`.
    pub fn all<'s>(&'s self, path: &'s str) -> impl Iterator<Item = &'s Found> {
        self.found.iter().filter(move |found| found.key.path == path)
    }

    /// Whether this section is in the file and cannot be read, or the whole file cannot.
    pub fn is_unreadable(&self, section: &str) -> bool {
        self.broken || (self.seen.contains(&section) && self.one(section, &[]).is_none())
    }

    /// Whether this path is certainly not in the file, not even with a value of the wrong shape.
    pub fn lacks(&self, path: &str) -> bool {
        !self.broken && !self.seen.contains(&path)
    }

    /// A command's own setting, if it is text.
    pub fn own(&self, command: &str, name: &str) -> Option<&OwnText> {
        self.own.iter().find(|own| own.command == command && own.name == name)
    }

    /// The key with this path and these names.
    pub fn one(&self, path: &str, names: &[&str]) -> Option<&Found> {
        self.found.iter().find(|found| found.key.path == path && found.names == names)
    }
}

/// What the walk needs to know besides the table of keys.
pub(super) struct Expected<'a> {
    /// The commands there are.
    pub commands: &'a [KnownCommand],
    /// Keys that come from elsewhere and may be missing.
    pub given: &'a [&'static str],
}

/// Reads the text. Notes every problem with its syntax, every key that nothing reads, every value that does
/// not have its shape, and every key that is missing.
pub(super) fn read(text: &str, expected: &Expected<'_>, problems: &mut Collector<'_>) -> Tree {
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let cure = syntax_cure(text, error.message(), error.span());
        let what = format!("This is not TOML: {}.", error.message());
        problems.syntax(error.span().unwrap_or(0..0), what, cure);
    }
    let tree = Tree { broken: !errors.is_empty(), ..Tree::default() };
    let mut walk = Walk { expected, problems, tree };
    walk.section(root.get_ref(), None, "", &[], &[]);
    // In the order of the file, so that of two that clash the second is the one that is pointed at.
    walk.tree.found.sort_by_key(|found| found.name_at.start);
    walk.tree
}

/// What to do about an error of syntax.
fn syntax_cure(text: &str, message: &str, span: Option<Range<usize>>) -> String {
    let start = span.map_or(0, |span| span.start);
    let line = text.get(..start).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    if message.contains("duplicate key") {
        "Keep one of the two, and put all of a section's keys under one header.".to_owned()
    } else if line.trim_end().ends_with('=') && message.contains("string") {
        "Put the text in double quotes.".to_owned()
    } else {
        "Mend this line; texts need quotes, lists need `[ ]`, and every `[`, `{` and quote needs its end."
            .to_owned()
    }
}

struct Walk<'a, 'p, 't> {
    expected: &'a Expected<'a>,
    problems: &'p mut Collector<'t>,
    tree: Tree,
}

impl Walk<'_, '_, '_> {
    /// One section. `path` is as in the table of keys; `own` are keys that only this one takes.
    fn section(
        &mut self,
        table: &DeTable<'_>,
        at: Option<Range<usize>>,
        path: &str,
        names: &[String],
        own: &'static [Setting],
    ) {
        let mut meant = Vec::new();
        for (name, value) in table {
            let known = keys::keys_in(path).find(|key| key.name() == name.get_ref());
            let setting = own.iter().find(|setting| setting.name == name.get_ref());
            match (known, setting) {
                (Some(key), _) => self.value(key, name.span(), value, names),
                // Only looked at: the command reads it by itself.
                (None, Some(setting)) => {
                    let read =
                        value::read(&keys::own(setting), value.get_ref(), &value.span(), self.problems);
                    if let (Some(Value::Text(text)), Some(command)) = (read, names.first()) {
                        let (command, at) = (command.clone(), value.span());
                        self.tree.own.push(OwnText { command, name: setting.name, text, at });
                    }
                }
                (None, None) => meant.extend(self.unknown(name, path, names, own)),
            }
        }
        if self.tree.broken {
            return;
        }
        for key in keys::keys_in(path) {
            let given =
                self.expected.given.iter().any(|given| key.path == *given || key.path == given_parent(given));
            // A slip of the pen is one problem, not two.
            let there = table.contains_key(key.name()) || meant.contains(&key.name());
            if key.presence == Presence::Required && !given && !there {
                let cure = if key.example.is_empty() {
                    format!("Add a section `[{}]`; docs/configuration.md says what goes in.", key.path)
                } else {
                    format!("Add `{} = {}`.", key.name(), key.example)
                };
                match &at {
                    Some(at) => {
                        let what = format!("{} has no `{}`.", titled(path, names), key.name());
                        self.problems.at(at.clone(), what, cure);
                    }
                    None => self.problems.anywhere(format!("There is no section `[{}]`.", key.path), cure),
                }
            }
        }
    }

    /// Notes a key that nothing reads. Gives the key that was probably meant.
    fn unknown(
        &mut self,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        path: &str,
        names: &[String],
        own: &'static [Setting],
    ) -> Option<&'static str> {
        let typed = name.get_ref();
        let here: Vec<&'static str> = keys::keys_in(path)
            .map(Key::name)
            .filter(|name| *name != "*")
            .chain(own.iter().map(|setting| setting.name))
            .collect();
        let elsewhere = keys::KEYS.iter().find(|key| key.name() == typed && !key.section().is_empty());
        let near = nearest(typed, here.iter().copied());
        let cure = match (near, elsewhere) {
            (Some(near), _) => format!("Write `{near}`."),
            (None, Some(key)) => format!("Move it to the section `[{}]`.", key.section()),
            (None, None) => format!("Remove it. What is read here: {}.", listed(here)),
        };
        let what = if path.is_empty() {
            format!("Nothing in this version reads a section or key `{typed}`.")
        } else {
            format!("{} has no key `{typed}`.", titled(path, names))
        };
        self.problems.at(name.span(), what, cure);
        near
    }

    /// One value of a known key.
    fn value(
        &mut self,
        key: &'static Key,
        name_at: Range<usize>,
        value: &Spanned<DeValue<'_>>,
        names: &[String],
    ) {
        let at = value.span();
        self.tree.seen.push(key.path);
        let read = match (key.shape, value.get_ref()) {
            (Shape::Section, DeValue::Table(table)) => {
                self.section(table, Some(header(&at, &name_at)), key.path, names, &[]);
                Some(Value::Section)
            }
            (Shape::Free(_), DeValue::Table(_)) => Some(Value::Section),
            (Shape::Named(_), DeValue::Table(table)) => {
                self.named(key, table, names);
                Some(Value::Section)
            }
            (Shape::Sections, DeValue::Array(list)) => {
                self.list(key, list, names);
                Some(Value::Section)
            }
            (_, value) => value::read(key, value, &at, self.problems),
        };
        if let Some(value) = read {
            let names = names.to_vec();
            self.tree.found.push(Found { key, names, name_at, at, value });
        }
    }

    /// A section whose keys are names: organisations, commands.
    fn named(&mut self, key: &'static Key, table: &DeTable<'_>, names: &[String]) {
        let path = format!("{}.*", key.path);
        let Some(each) = keys::find(&path) else { return };
        for (name, value) in table {
            let mut own: &'static [Setting] = &[];
            let mut called = name.get_ref().to_string();
            if key.path == "commands" {
                let Some(command) = self.command(&called, name.span()) else { continue };
                (called, own) = (command.name.to_owned(), command.settings);
            }
            if each.shape != Shape::Section {
                let mut names = names.to_vec();
                names.push(called);
                self.value(each, name.span(), value, &names);
                continue;
            }
            let DeValue::Table(table) = value.get_ref() else {
                let what = format!("`{}.{called}` must be a section.", key.path);
                self.problems.at(
                    value.span(),
                    what,
                    format!("Begin it with a line `[{}.{called}]`.", key.path),
                );
                continue;
            };
            let mut names = names.to_vec();
            names.push(called);
            self.tree.seen.push(each.path);
            self.section(table, Some(header(&value.span(), &name.span())), &path, &names, own);
            let (name_at, at) = (name.span(), value.span());
            self.tree.found.push(Found { key: each, names, name_at, at, value: Value::Section });
        }
    }

    /// The command of this name, in any case.
    fn command(&mut self, name: &str, at: Range<usize>) -> Option<KnownCommand> {
        let commands = self.expected.commands;
        let known = commands.iter().find(|command| command.name.eq_ignore_ascii_case(name));
        if known.is_none() {
            let all = || commands.iter().map(|command| command.name);
            let cure = match nearest(name, all()) {
                Some(near) => format!("Write `[commands.{near}]`."),
                None => format!("Remove the section. The commands are {}.", listed(all())),
            };
            self.problems.at(at, format!("There is no command `{name}`."), cure);
        }
        known.copied()
    }

    /// A list of sections.
    fn list(&mut self, key: &'static Key, list: &toml::de::DeArray<'_>, names: &[String]) {
        let path = format!("{}.*", key.path);
        for (index, value) in list.iter().enumerate() {
            let mut names = names.to_vec();
            names.push(index.to_string());
            match value.get_ref() {
                DeValue::Table(table) => self.section(table, Some(value.span()), &path, &names, &[]),
                _ => {
                    let what = format!("Each entry of `{}` must be a `{{ ... }}`.", key.name());
                    self.problems.at(
                        value.span(),
                        what,
                        format!("Write `{} = {}`.", key.name(), key.example),
                    );
                }
            }
        }
    }
}

/// A section that `given` is in, when all of the section that is required is given.
fn given_parent(given: &str) -> &str {
    given.split('.').next().unwrap_or(given)
}

/// Where a section begins: its header if it has one, else its name.
fn header(at: &Range<usize>, name_at: &Range<usize>) -> Range<usize> {
    if at.is_empty() { name_at.clone() } else { at.clone() }
}

/// A section as people know it: `[orgs.acme]`, or the list that an entry is in.
fn titled(path: &str, names: &[String]) -> String {
    if let Some(list) = path
        .strip_suffix(".*")
        .filter(|list| keys::find(list).is_some_and(|key| key.shape == Shape::Sections))
    {
        let name = list.rsplit('.').next().unwrap_or(list);
        let section = list.rsplit_once('.').map_or("", |(section, _)| section);
        return format!("An entry of `{name}` in {}", titled(section, names));
    }
    let mut names = names.iter();
    let parts: Vec<&str> = path
        .split('.')
        .map(|part| if part == "*" { names.next().map_or("*", String::as_str) } else { part })
        .collect();
    format!("`[{}]`", parts.join("."))
}
