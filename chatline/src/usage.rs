//! How a command is written: the one line that shows all it takes.

use crate::spec::{ArgKind, ArgSpec, Form};

/// The form of a command, such as
/// `!CreateRepo <org> <repo> [--description TEXT] [--team team=permission]... [--dry-run]`: what is in
/// `[...]` may be left out, what has `...` after it may be given more than once.
#[must_use]
pub fn usage(command: &str, args: &[ArgSpec]) -> String {
    let mut line = format!("!{command}");
    let (by_place, by_name): (Vec<&ArgSpec>, Vec<&ArgSpec>) =
        args.iter().partition(|arg| arg.form == Form::Positional);
    let (rest, by_name): (Vec<&ArgSpec>, Vec<&ArgSpec>) =
        by_name.into_iter().partition(|arg| arg.form == Form::Rest);
    // The rest stands last, since no option is read in it.
    for arg in by_place.into_iter().chain(by_name).chain(rest) {
        line.push(' ');
        line.push_str(&form(arg));
    }
    line
}

fn form(arg: &ArgSpec) -> String {
    let name = &arg.name;
    let written = match arg.form {
        Form::Flag => format!("--{name}"),
        Form::Option => format!("--{name} {}", value(&arg.kind)),
        Form::Positional | Form::Rest => {
            let inside = match &arg.kind {
                ArgKind::Choice(choices) => choices.join("|"),
                _ if arg.form == Form::Rest => format!("{name}..."),
                _ => name.clone(),
            };
            if arg.required { format!("<{inside}>") } else { inside }
        }
    };
    let optional = if arg.required { written } else { format!("[{written}]") };
    if arg.repeated { format!("{optional}...") } else { optional }
}

/// What stands for an option's value.
fn value(kind: &ArgKind) -> String {
    match kind {
        ArgKind::Text => "TEXT",
        ArgKind::Organization => "ORG",
        ArgKind::NewRepository | ArgKind::Repository => "REPO",
        ArgKind::Repositories => "repo,repo",
        ArgKind::FullRepository => "owner/repo",
        ArgKind::Team => "TEAM",
        ArgKind::TeamPermission => "team=permission",
        ArgKind::Login => "LOGIN",
        ArgKind::Person => "@person",
        ArgKind::Branch => "BRANCH",
        ArgKind::Url => "URL",
        ArgKind::Topics => "topic,topic",
        ArgKind::Permission => "PERMISSION",
        ArgKind::Number => "NUMBER",
        ArgKind::Duration => "14d",
        ArgKind::Choice(choices) => return choices.join("|"),
        ArgKind::CommandName => "COMMAND",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_shows_what_is_needed_and_what_may_be_left_out() {
        let choices = || ArgKind::Choice(vec!["private".into(), "public".into()]);
        let args = [
            ArgSpec::positional("org", ArgKind::Organization, ""),
            ArgSpec::positional("repo", ArgKind::NewRepository, ""),
            ArgSpec::option("description", ArgKind::Text, ""),
            ArgSpec::option("visibility", choices(), ""),
            ArgSpec::option("team", ArgKind::TeamPermission, "").repeated(),
            ArgSpec::flag("dry-run", ""),
        ];
        assert_eq!(
            usage("CreateRepo", &args),
            "!CreateRepo <org> <repo> [--description TEXT] [--visibility private|public] \
             [--team team=permission]... [--dry-run]"
        );
        assert_eq!(usage("ListOrgs", &[]), "!ListOrgs");
    }

    #[test]
    fn the_rest_stands_last_and_a_required_option_without_brackets() {
        let mut reason = ArgSpec::option("reason", ArgKind::Text, "");
        reason.required = true;
        let args = [
            ArgSpec::rest("text", ArgKind::Text, "").optional(),
            ArgSpec::positional("who", ArgKind::Person, "").repeated(),
            reason,
        ];
        assert_eq!(usage("Tell", &args), "!Tell <who>... --reason TEXT [text...]");
        let level = ArgKind::Choice(vec!["on".into(), "off".into()]);
        assert_eq!(
            usage("Lockdown", &[ArgSpec::positional("state", level, "").optional()]),
            "!Lockdown [on|off]"
        );
    }
}
