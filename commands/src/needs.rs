//! What each command that changes GitHub needs of the account, for `hubcommander check`: the permissions of an App
//! (<https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps>), beside those for
//! looking things up ([`hubcommander_github::LOOKING`]). `delete` stands for what only a classic token is asked:
//! its scope for deleting. A command without an entry fails a test.

const ADMINISTRATION: &[&str] = &["administration=write"];
const DELETE: &[&str] = &["administration=write", "delete"];
const MEMBERS: &[&str] = &["members=write"];
const NONE: &[&str] = &[];

/// The commands with what they need.
pub const NEEDS: &[(&str, &[&str])] = &[
    ("AddCollab", ADMINISTRATION),
    ("AddKey", ADMINISTRATION),
    ("AddUserToTeam", MEMBERS),
    ("ArchiveRepo", ADMINISTRATION),
    ("AuditMembers", MEMBERS),
    ("AuditOrg", &["administration=write", "members=write", "organization_administration=read"]),
    ("CreateRepo", &["administration=write", "contents=write"]),
    ("DeleteKey", ADMINISTRATION),
    ("DeleteRepo", DELETE),
    ("EnableActions", &["administration=write", "organization_administration=write"]),
    // Travis CI is asked, with a token of its own.
    ("EnableTravis", NONE),
    ("Invitations", MEMBERS),
    ("InviteMe", MEMBERS),
    ("InviteUser", MEMBERS),
    // Only the bot's own book is changed.
    ("LinkGitHub", NONE),
    ("RemoveCollab", &["administration=write", "members=write"]),
    ("RemoveUserFromTeam", MEMBERS),
    ("RenameRepo", ADMINISTRATION),
    ("SetBranchProtection", ADMINISTRATION),
    ("SetDefaultBranch", ADMINISTRATION),
    ("SetDescription", ADMINISTRATION),
    ("SetHomepage", ADMINISTRATION),
    ("SetRepoPermissions", ADMINISTRATION),
    ("SetTopics", ADMINISTRATION),
    ("SetVisibility", ADMINISTRATION),
    ("UnarchiveRepo", ADMINISTRATION),
    ("UnlinkGitHub", NONE),
];

/// What a command needs; `None` if nothing is said of it.
#[must_use]
pub fn needs_of(command: &str) -> Option<&'static [&'static str]> {
    NEEDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(command)).map(|(_, needs)| *needs)
}
