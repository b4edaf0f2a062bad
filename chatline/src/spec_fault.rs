//! Whether a specification can be read by: a mistake of who writes a command, found when it is loaded.

use thiserror::Error;

use crate::spec::{ArgKind, ArgSpec, Form};

/// What is wrong with the specification of a command's arguments.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SpecFault {
    /// A name is lower-case letters and digits, joined by single hyphens, and begins with a letter; `help` and
    /// `h` are taken.
    #[error("`{0}` cannot be the name of an argument")]
    Name(String),
    /// Two arguments have this name.
    #[error("two arguments are named `{0}`")]
    TwiceNamed(String),
    /// No argument by place can follow one that takes the rest or may be given more than once.
    #[error("`{0}` follows an argument that takes all there is")]
    AfterTheRest(String),
    /// A required argument by place follows one that may be left out.
    #[error("`{0}` is required and follows an argument that is not")]
    AfterOptional(String),
    /// A flag cannot be required or repeated, and the rest cannot be repeated.
    #[error("`{0}` cannot be required or repeated")]
    Form(String),
    /// There is nothing to choose from, or two choices are the same but for their case.
    #[error("the choices of `{0}` are none, empty or not distinct")]
    Choices(String),
}

/// Checks a specification.
pub(crate) fn check(args: &[ArgSpec]) -> Result<(), SpecFault> {
    let (mut all_taken, mut optional) = (false, false);
    for (index, arg) in args.iter().enumerate() {
        let name = arg.name.clone();
        if !is_name(&name) {
            return Err(SpecFault::Name(name));
        }
        if args[..index].iter().any(|other| other.name == name) {
            return Err(SpecFault::TwiceNamed(name));
        }
        let whole = arg.form == Form::Rest;
        let flag = arg.form == Form::Flag;
        if (flag && (arg.required || arg.repeated)) || (whole && arg.repeated) {
            return Err(SpecFault::Form(name));
        }
        if matches!(arg.form, Form::Positional | Form::Rest) {
            if all_taken {
                return Err(SpecFault::AfterTheRest(name));
            }
            if arg.required && optional {
                return Err(SpecFault::AfterOptional(name));
            }
            all_taken = whole || arg.repeated;
            optional |= !arg.required;
        }
        if let ArgKind::Choice(choices) = &arg.kind {
            let lower: Vec<String> = choices.iter().map(|choice| choice.to_lowercase()).collect();
            let twice = lower.iter().enumerate().any(|(index, choice)| lower[..index].contains(choice));
            if lower.is_empty() || twice || lower.iter().any(String::is_empty) {
                return Err(SpecFault::Choices(name));
            }
        }
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    let part =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.split('-').all(part)
        && !matches!(name, "help" | "h")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(args: &[ArgSpec]) -> Option<SpecFault> {
        check(args).err()
    }

    #[test]
    fn a_sound_specification_passes() {
        let args = [
            ArgSpec::positional("org", ArgKind::Organization, ""),
            ArgSpec::flag("dry-run", ""),
            ArgSpec::positional("branch", ArgKind::Branch, "").optional(),
            ArgSpec::rest("text", ArgKind::Text, "").optional(),
            ArgSpec::option("team2", ArgKind::Team, "").repeated(),
        ];
        assert_eq!(fault(&args), None);
        assert_eq!(fault(&[]), None);
    }

    #[test]
    fn each_fault_is_found() {
        let place = |name| ArgSpec::positional(name, ArgKind::Text, "");
        for name in ["", "Org", "two words", "-x", "x-", "a--b", "1st", "a_b", "help", "h", "ä"] {
            assert_eq!(fault(&[place(name)]), Some(SpecFault::Name(name.into())));
        }
        assert_eq!(fault(&[place("a"), ArgSpec::flag("a", "")]), Some(SpecFault::TwiceNamed("a".into())));
        let rest = ArgSpec::rest("text", ArgKind::Text, "");
        assert_eq!(fault(&[rest.clone(), place("a")]), Some(SpecFault::AfterTheRest("a".into())));
        assert_eq!(fault(&[place("b").repeated(), place("a")]), Some(SpecFault::AfterTheRest("a".into())));
        assert_eq!(fault(&[place("b").optional(), place("a")]), Some(SpecFault::AfterOptional("a".into())));
        assert_eq!(fault(&[rest.repeated()]), Some(SpecFault::Form("text".into())));
        assert_eq!(fault(&[ArgSpec::flag("a", "").repeated()]), Some(SpecFault::Form("a".into())));
        for choices in [vec![], vec!["x".into(), "X".into()], vec![String::new()]] {
            let arg = ArgSpec::option("a", ArgKind::Choice(choices), "");
            assert_eq!(fault(&[arg]), Some(SpecFault::Choices("a".into())));
        }
    }
}
