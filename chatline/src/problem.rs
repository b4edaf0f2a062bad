//! What can be wrong with a line: as values. The words for people are made elsewhere.

use thiserror::Error;

use crate::words::WordsError;

/// Why a line gives no arguments. Arguments are named as in the specification; what was given is as it was
/// typed, with mentions made readable.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// No fault: help is asked for, with `--help`, `-h`, or the single word `help`.
    #[error("help is asked for")]
    Help,
    /// An argument that the command cannot do without is not there.
    #[error("{arg} is missing")]
    Missing {
        /// The argument.
        arg: String,
    },
    /// A word too many.
    #[error("{word} is not expected")]
    Unexpected {
        /// The word.
        word: String,
        /// The option that it may stand for, such as `--dry-run`.
        suggestion: Option<String>,
    },
    /// There is no such option.
    #[error("there is no option {option}")]
    UnknownOption {
        /// The option as typed, without a value.
        option: String,
        /// The option that may be meant, such as `--dry-run`.
        suggestion: Option<String>,
    },
    /// Nothing follows an option that takes a value.
    #[error("{option} needs a value")]
    NeedsValue {
        /// The option, such as `--description`.
        option: String,
    },
    /// A value is given to a flag, as in `--dry-run=yes`.
    #[error("{option} takes no value")]
    TakesNoValue {
        /// The flag, such as `--dry-run`.
        option: String,
    },
    /// The value is none of the words there are to choose from.
    #[error("{given} is no {arg}")]
    NotAChoice {
        /// The argument.
        arg: String,
        /// What was given.
        given: String,
        /// All there is to choose from.
        choices: Vec<String>,
        /// The choice that may be meant.
        suggestion: Option<String>,
    },
    /// The value cannot be of the argument's kind.
    #[error("{given} cannot be {arg}: {reason}")]
    Invalid {
        /// The argument.
        arg: String,
        /// What was given. For topics the one that is wrong.
        given: String,
        /// What is wrong with it.
        reason: InvalidReason,
    },
    /// An option that is taken once is given more often.
    #[error("{arg} is given twice")]
    TwiceGiven {
        /// The argument.
        arg: String,
    },
    /// A quote is opened and never closed.
    #[error("the quote {quote} at character {at} is not closed")]
    Unclosed {
        /// The quote, `"` or `'`.
        quote: char,
        /// How many characters stand before it.
        at: usize,
    },
    /// The line is longer than is read.
    #[error("{length} characters are more than {limit}")]
    TooLong {
        /// Its length in characters.
        length: usize,
        /// The most that is read.
        limit: usize,
    },
}

impl From<WordsError> for Problem {
    fn from(error: WordsError) -> Self {
        match error {
            WordsError::Unclosed { quote, at } => Self::Unclosed { quote, at },
            WordsError::TooLong { length, limit } => Self::TooLong { length, limit },
        }
    }
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidReason {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// A character that has no place in it: a slash in a name, a space, an emoji, a control character.
    #[error("{0:?} has no place in it")]
    Character(char),
    /// It has more characters than it may have.
    #[error("it has more than {limit} characters")]
    TooLong {
        /// The most there may be.
        limit: usize,
    },
    /// There are more in the list than there may be.
    #[error("there are more than {limit}")]
    TooMany {
        /// The most there may be.
        limit: usize,
    },
    /// Its characters are right and its form is not: `a--b` for a login, `a..b` for a branch, no `/` in
    /// `owner/name`, no `=` in `team=permission`.
    #[error("it is not of that form")]
    Form,
    /// It means something else: `.`, `..`, a name that ends with `.git`, a branch called `HEAD`.
    #[error("it is reserved")]
    Reserved,
    /// A person in Slack is mentioned where something else is asked for.
    #[error("it is a person in Slack")]
    Person,
    /// A person is asked for, and this is no mention of one.
    #[error("it is no mention of a person")]
    NotAPerson,
    /// It is no whole number, or too great a one.
    #[error("it is not a whole number")]
    NotANumber,
    /// It is no length of time such as `14d`, or too long a one.
    #[error("it is not a length of time")]
    NotADuration,
    /// It is no complete http or https address.
    #[error("it is not an http or https address")]
    NotAnAddress,
    /// The address holds a user name or a password.
    #[error("it holds a user name or a password")]
    Credentials,
}
