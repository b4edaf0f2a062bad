//! Every key of config.toml, once. The reader, the suggestions and the reference in docs/configuration.md
//! are made from this table, so a key that is not here is an error, and one that is here is documented. The keys
//! that single commands take besides come with the commands.

mod device_sources;
mod directory;
mod farewell;

use hubcommander_sdk::setting::{Setting, SettingKind};

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A section: `[a.b]` or `{ ... }`, whose keys are in the table too.
    Section,
    /// A section whose keys are names that the owner chooses; the words say what names.
    Named(&'static str),
    /// A section that somebody else reads; the words say where its keys are explained.
    Free(&'static str),
    /// A list of `{ ... }`, whose keys are in the table too.
    Sections,
    /// Words in quotes.
    Text,
    /// A list of words in quotes.
    Texts,
    /// `true` or `false`.
    Flag,
    /// A whole number from the first to the second.
    Number(i64, i64),
    /// A time with its unit: `"500ms"`, `"11s"`, `"2m"`.
    Time,
    /// A length of time in days or so: `"12h"`, `"14d"`.
    Length,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of one or more of these words.
    Choices(&'static [&'static str]),
    /// An http address.
    Address,
    /// An IP address with a port.
    Socket,
    /// A secret: `{ env = "..." }`, `{ file = "..." }` or `{ command = [...] }`.
    Secret,
    /// A list of such secrets.
    Secrets,
    /// Words in quotes, or a secret if they hold one.
    TextOrSecret,
    /// Words in quotes or a section, which somebody else reads; the words say what can stand there.
    Written(&'static str),
}

impl Shape {
    /// In words, as in "must be ...".
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Section => "a section".to_owned(),
            Self::Named(names) => format!("a section of {names}"),
            Self::Free(what) => format!("a section: {what}"),
            Self::Sections => "a list of `{ ... }`".to_owned(),
            Self::Text => "text in quotes".to_owned(),
            Self::Texts => "a list of texts, such as `[\"a\", \"b\"]`".to_owned(),
            Self::Flag => "`true` or `false`".to_owned(),
            Self::Number(least, most) if most == i64::MAX => format!("a whole number, {least} or more"),
            Self::Number(least, most) => format!("a whole number from {least} to {most}"),
            Self::Time => "a time with its unit, such as `\"11s\"` or `\"500ms\"`".to_owned(),
            Self::Length => "a length of time, such as `\"14d\"` or `\"12h\"`".to_owned(),
            Self::Choice(words) => quoted(words, " or "),
            Self::Choices(words) => format!("a list of one or more of {}", quoted(words, ", ")),
            Self::Address => "an address, such as `\"https://example.com\"`".to_owned(),
            Self::Socket => "an IP address with a port, such as `\"127.0.0.1:8080\"`".to_owned(),
            Self::Secret => {
                "a secret: `{ env = \"NAME\" }`, `{ file = \"PATH\" }` or `{ command = [\"PROGRAM\"] }`"
                    .to_owned()
            }
            Self::Secrets => "a list of secrets, such as `[{ env = \"NAME\" }]`".to_owned(),
            Self::Written(what) => what.to_owned(),
            Self::TextOrSecret => "text in quotes, or a secret such as `{ env = \"NAME\" }`".to_owned(),
        }
    }
}

/// The words as they are written in the file.
pub(super) fn quoted(words: &[&str], between: &str) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
    words.join(between)
}

/// Whether a key has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It must be given wherever its section is.
    Required,
    /// It may be left out, and then counts as this, written as in the file.
    Default(&'static str),
    /// It may be left out, and then there is none.
    Optional,
}

/// One key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its path, dotted; `*` stands for a name that the owner chooses, or for each entry of a list.
    pub path: &'static str,
    /// What its value must look like.
    pub shape: Shape,
    /// Whether it has to be there.
    pub presence: Presence,
    /// What it does. Sentences for the reference.
    pub about: &'static str,
    /// A value as it would be written, for cures and the reference; empty for sections.
    pub example: &'static str,
}

impl Key {
    /// The last part of the path.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    /// The path of the section it is in; empty at the top.
    #[must_use]
    pub fn section(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(section, _)| section)
    }
}

const fn key(
    path: &'static str,
    shape: Shape,
    presence: Presence,
    example: &'static str,
    about: &'static str,
) -> Key {
    Key { path, shape, presence, about, example }
}

use Presence::{Default as Usually, Optional, Required};

/// All keys, in the order in which the reference shows them.
pub static KEYS: &[Key] = &joined::<
    {
        BEFORE.len() + directory::KEYS.len() + device_sources::KEYS.len() + farewell::KEYS.len() + AFTER.len()
    },
>(&[BEFORE, directory::KEYS, device_sources::KEYS, farewell::KEYS, AFTER]);

/// These tables, one after the other, `N` keys in all.
const fn joined<const N: usize>(tables: &[&[Key]]) -> [Key; N] {
    let mut all = [BEFORE[0]; N];
    let (mut at, mut table) = (0, 0);
    while table < tables.len() {
        let mut row = 0;
        while row < tables[table].len() {
            all[at] = tables[table][row];
            (at, row) = (at + 1, row + 1);
        }
        table += 1;
    }
    all
}

/// What comes before the sources of devices.
const BEFORE: &[Key] = &[
    key(
        "sandbox",
        Shape::Flag,
        Usually("false"),
        "true",
        "Marks the file that ships for the sandbox. While it is `true`, `hubcommander run` refuses and says \
         what to set; `hubcommander sandbox` does not mind. Remove it once the file is your own.",
    ),
    key("store", Shape::Section, Optional, "", "Where everything is kept that must survive a crash."),
    key(
        "store.url",
        Shape::TextOrSecret,
        Usually("\"sqlite://data/hubcommander.db\""),
        "\"postgres://hubcommander@db.example.com/hubcommander\"",
        "`sqlite://PATH`, seen from the working directory, or `postgres://USER@HOST/DATABASE`. An address \
         with a password in it is a secret: give it as one, or let PostgreSQL's own `PGPASSWORD` or \
         `.pgpass` say the password.",
    ),
    key(
        "slack",
        Shape::Section,
        Required,
        "",
        "The Slack app. `hubcommander manifest` prints what to make it from.",
    ),
    key(
        "slack.api_url",
        Shape::Address,
        Usually("\"https://slack.com/api\""),
        "\"https://slack.com/api\"",
        "Where Slack's Web API is, without a slash at the end.",
    ),
    key(
        "slack.bot_token",
        Shape::Secret,
        Required,
        "{ env = \"SLACK_BOT_TOKEN\" }",
        "The bot's token, `xoxb-…`: in the app's settings under OAuth & Permissions.",
    ),
    key(
        "slack.app_token",
        Shape::Secret,
        Required,
        "{ env = \"SLACK_APP_TOKEN\" }",
        "The app-level token, `xapp-…`, with the scope `connections:write`: in the app's settings under \
         Basic Information.",
    ),
    key(
        "slack.listen",
        Shape::Texts,
        Usually("[]"),
        "[\"C0GENERAL\"]",
        "Ids of the channels where the bot takes commands. Empty: wherever it is a member. Direct messages \
         always count.",
    ),
    key(
        "slack.ignore",
        Shape::Texts,
        Usually("[]"),
        "[\"C0RANDOM\"]",
        "Ids of channels where the bot takes no commands though it is a member.",
    ),
    key(
        "slack.alarm_channel",
        Shape::Text,
        Optional,
        "\"C0SECURITY\"",
        "Id of the channel where the bot says when something is wrong with itself. Without one, alarms are \
         only logged.",
    ),
    key(
        "slack.pacing",
        Shape::Flag,
        Usually("true"),
        "true",
        "Whether posts keep to Slack's pace of about one message a second per channel. Off only for \
         measurements against a local Slack.",
    ),
    key(
        "slack.connections",
        Shape::Number(1, 10),
        Usually("2"),
        "2",
        "How many connections are held open. Slack allows 10 for one app, all its processes together.",
    ),
    key(
        "github",
        Shape::Section,
        Required,
        "",
        "The privileged GitHub account. Give `token` or `app`, not both.",
    ),
    key(
        "github.api_url",
        Shape::Address,
        Usually("\"https://api.github.com\""),
        "\"https://api.github.com\"",
        "Where GitHub's REST API is. For GitHub Enterprise Server: `https://HOST/api/v3`.",
    ),
    key(
        "github.token",
        Shape::Secret,
        Optional,
        "{ env = \"GITHUB_TOKEN\" }",
        "A token of an account that owns the organisations.",
    ),
    key(
        "github.app",
        Shape::Section,
        Optional,
        "",
        "A GitHub App, installed in each organisation. Better than a token.",
    ),
    key("github.app.id", Shape::Number(1, i64::MAX), Required, "123456", "The App's id."),
    key(
        "github.app.private_key",
        Shape::Secret,
        Required,
        "{ file = \"/run/secrets/github-app.pem\" }",
        "The App's private key, in PEM.",
    ),
    key(
        "github.client_id",
        Shape::Text,
        Optional,
        "\"Iv1.0123456789abcdef\"",
        "The client id of an OAuth App or a GitHub App with the device flow switched on, by which people show which \
         account is theirs: for `!LinkGitHub` and `!InviteMe`. No secret.",
    ),
    key(
        "github.client_secret",
        Shape::Secret,
        Optional,
        "{ env = \"GITHUB_CLIENT_SECRET\" }",
        "The secret of that app, for a GitHub that has no device flow: people are then led to GitHub in their browser, \
         and back to `web.public_url` with `/link/github/back` behind it, which the app must name as its callback. \
         Leave it out otherwise: typing a code needs neither.",
    ),
    key(
        "github.unclear_wait",
        Shape::Time,
        Usually("\"11s\""),
        "\"11s\"",
        "How long to wait after a write whose answer was lost, before looking whether it had an effect. \
         GitHub itself gives up after 10 s, so less is only accepted on loopback.",
    ),
    key(
        "org_defaults",
        Shape::Section,
        Optional,
        "",
        "What holds for every organisation, stated once. A key that `[orgs.NAME]` has, too, is taken from there.",
    ),
    key(
        "org_defaults.new_repo_teams",
        Shape::Sections,
        Usually("[]"),
        "[{ name = \"employees\", permission = \"push\" }]",
        "As in `[orgs.NAME]`.",
    ),
    key("org_defaults.new_repo_teams.*", Shape::Section, Optional, "", "One team."),
    key(
        "org_defaults.new_repo_teams.*.name",
        Shape::Text,
        Required,
        "\"employees\"",
        "The team's slug: the last part of its page's address.",
    ),
    key(
        "org_defaults.new_repo_teams.*.permission",
        Shape::Text,
        Required,
        "\"push\"",
        "`pull`, `triage`, `push`, `maintain`, `admin`, or the name of a custom role.",
    ),
    key(
        "org_defaults.repo_teams",
        Shape::Sections,
        Usually("[]"),
        "[{ name = \"security\", permission = \"pull\" }]",
        "As in `[orgs.NAME]`.",
    ),
    key("org_defaults.repo_teams.*", Shape::Section, Optional, "", "One team."),
    key(
        "org_defaults.repo_teams.*.name",
        Shape::Text,
        Required,
        "\"security\"",
        "The team's slug: the last part of its page's address.",
    ),
    key(
        "org_defaults.repo_teams.*.permission",
        Shape::Text,
        Required,
        "\"pull\"",
        "`pull`, `triage`, `push`, `maintain`, `admin`, the name of a custom role, or `none`.",
    ),
    key(
        "org_defaults.repo_teams.*.repos",
        Shape::Text,
        Usually("\"*\""),
        "\"service-*\"",
        "Which repositories, by name; `*` stands for any letters.",
    ),
    key(
        "org_defaults.base_permission",
        Shape::Choice(&["none", "read", "write", "admin"]),
        Optional,
        "\"read\"",
        "As in `[orgs.NAME]`.",
    ),
    key(
        "orgs",
        Shape::Named("organisations, by their login at GitHub"),
        Required,
        "",
        "The organisations that the bot manages, and no others.",
    ),
    key("orgs.*", Shape::Section, Optional, "", "One organisation."),
    key("orgs.*.aliases", Shape::Texts, Usually("[]"), "[\"a\"]", "Other names that people may type for it."),
    key(
        "orgs.*.description",
        Shape::Text,
        Usually("\"\""),
        "\"Everything we build\"",
        "One line about it, for `!ListOrgs`.",
    ),
    key(
        "orgs.*.public_only",
        Shape::Flag,
        Usually("false"),
        "true",
        "Whether new repositories there are public, without being confirmed. Otherwise they are private unless \
         asked for.",
    ),
    key(
        "orgs.*.new_repo_teams",
        Shape::Sections,
        Usually("[]"),
        "[{ name = \"employees\", permission = \"push\" }]",
        "The teams that get a permission on each new repository. `!AuditOrg` looks whether they have at least that \
         on all.",
    ),
    key("orgs.*.new_repo_teams.*", Shape::Section, Optional, "", "One team."),
    key(
        "orgs.*.new_repo_teams.*.name",
        Shape::Text,
        Required,
        "\"employees\"",
        "The team's slug: the last part of its page's address.",
    ),
    key(
        "orgs.*.new_repo_teams.*.permission",
        Shape::Text,
        Required,
        "\"push\"",
        "`pull`, `triage`, `push`, `maintain`, `admin`, or the name of a custom role.",
    ),
    key(
        "orgs.*.repo_teams",
        Shape::Sections,
        Usually("[]"),
        "[{ name = \"security\", permission = \"pull\" }]",
        "What teams are to have on the repositories there, no more and no less: `!AuditOrg` compares. Of several entries \
         for a team the last that fits a repository counts.",
    ),
    key("orgs.*.repo_teams.*", Shape::Section, Optional, "", "One team."),
    key(
        "orgs.*.repo_teams.*.name",
        Shape::Text,
        Required,
        "\"security\"",
        "The team's slug: the last part of its page's address.",
    ),
    key(
        "orgs.*.repo_teams.*.permission",
        Shape::Text,
        Required,
        "\"pull\"",
        "`pull`, `triage`, `push`, `maintain`, `admin`, the name of a custom role, or `none`.",
    ),
    key(
        "orgs.*.repo_teams.*.repos",
        Shape::Text,
        Usually("\"*\""),
        "\"service-*\"",
        "Which repositories, by name; `*` stands for any letters.",
    ),
    key(
        "orgs.*.base_permission",
        Shape::Choice(&["none", "read", "write", "admin"]),
        Optional,
        "\"read\"",
        "What every member is to have on every repository there: `!AuditOrg` compares.",
    ),
    key(
        "orgs.*.collab_validation_teams",
        Shape::Texts,
        Usually("[]"),
        "[\"employees\"]",
        "Slugs of teams whose members are not made outside collaborators.",
    ),
    key(
        "orgs.*.member_teams",
        Shape::Texts,
        Usually("[]"),
        "[\"employees\"]",
        "Slugs of the teams that everybody lands in who joins by `!InviteMe`.",
    ),
    key(
        "orgs.*.service_accounts",
        Shape::Texts,
        Usually("[]"),
        "[\"acme-ci\"]",
        "Logins of bots and of other accounts that are no person's. They are never taken for strangers, and never let go.",
    ),
    key(
        "orgs.*.lease_default",
        Shape::Length,
        Optional,
        "\"30d\"",
        "How long a grant lasts there if `--for` is left out, in place of the command's own `lease_default`.",
    ),
    key(
        "orgs.*.lease_longest",
        Shape::Length,
        Optional,
        "\"90d\"",
        "How long a grant may last there at most, in place of the command's own `lease_longest`. Then none is \
         for good.",
    ),
    key(
        "commands",
        Shape::Named("commands, by name"),
        Optional,
        "",
        "Settings of commands. What is not here is on and visible.",
    ),
    key("commands.*", Shape::Section, Optional, "", "One command. Besides these keys it takes its own."),
    key("commands.*.enabled", Shape::Flag, Usually("true"), "false", "Whether the command exists at all."),
    key("commands.*.hidden", Shape::Flag, Usually("false"), "true", "Whether `!Help` keeps quiet about it."),
    key(
        "commands.*.auth",
        Shape::Texts,
        Usually("[]"),
        "[\"confirm\"]",
        "What it takes before the command runs, besides what its risk and the policies take. `confirm`: a second \
         click on the plan; `reason`: a word on why; `approval`: a second person, one of \
         `auth_plugins.approval.approvers`; `duo`, `okta`, `passkey`: proof that it is you, by what is set up \
         under `[auth_plugins]`; `any`: by whichever of them you have; `healthy_device`: devices in good shape.",
    ),
    key(
        "auth_plugins",
        Shape::Section,
        Optional,
        "",
        "How people prove who they are, and how others are asked.",
    ),
    key(
        "auth_plugins.approval",
        Shape::Section,
        Optional,
        "",
        "A second person: who is asked, where, and how long. Without this section nothing that takes one can be \
         done.",
    ),
    key(
        "auth_plugins.approval.channel",
        Shape::Text,
        Required,
        "\"C0APPROVALS\"",
        "The id of the channel in which the approvers are asked. The bot must be in it; better a private one.",
    ),
    key(
        "auth_plugins.approval.approvers",
        Shape::Texts,
        Usually("[]"),
        "[\"slack:security-team\"]",
        "Who approves where `auth = [\"approval\"]` asks for it: user groups of Slack by their handle, \
         `slack:HANDLE`, or by id, or people by id. Policies name their own.",
    ),
    key(
        "auth_plugins.approval.valid",
        Shape::Length,
        Usually("\"8h\""),
        "\"8h\"",
        "How long a plan waits for people; an hour at least.",
    ),
    key(
        "auth_plugins.approval.remind_every",
        Shape::Length,
        Usually("\"1h\""),
        "\"1h\"",
        "How long after the card, and after each reminder, the approvers are called again.",
    ),
    key(
        "auth_plugins.approval.deputies",
        Shape::Sections,
        Usually("[]"),
        "[{ of = \"slack:security-team\", by = \"slack:platform\" }]",
        "Who may approve in whose place when nobody has answered for a while.",
    ),
    key("auth_plugins.approval.deputies.*", Shape::Section, Optional, "", "One of them."),
    key(
        "auth_plugins.approval.deputies.*.of",
        Shape::Text,
        Required,
        "\"slack:security-team\"",
        "Whose place it is, as the policies name them.",
    ),
    key("auth_plugins.approval.deputies.*.by", Shape::Text, Required, "\"slack:platform\"", "Who takes it."),
    key(
        "auth_plugins.approval.deputies_after",
        Shape::Length,
        Usually("\"2h\""),
        "\"2h\"",
        "How long after the card that is.",
    ),
    key(
        "limits",
        Shape::Section,
        Optional,
        "",
        "How much one person may ask. What is over it is refused, kindly.",
    ),
    key(
        "limits.commands_per_minute",
        Shape::Number(0, 100_000),
        Usually("60"),
        "60",
        "Commands of one person within a minute; 0 for as many as they like.",
    ),
    key(
        "limits.changes_per_minute",
        Shape::Number(0, 100_000),
        Usually("20"),
        "20",
        "Those of them that change something; 0 for as many as they like.",
    ),
    key(
        "policy",
        Shape::Section,
        Optional,
        "",
        "Who may do what, and what it takes; docs/policy.md says how it is written. Without this section the \
         policies that ship count. Paths are seen from the folder that this file is in.",
    ),
    key(
        "policy.file",
        Shape::Text,
        Optional,
        "\"policy.cedar\"",
        "The file that says who may do what. Without it the one that ships counts.",
    ),
    key(
        "policy.obligations",
        Shape::Text,
        Optional,
        "\"obligations.cedar\"",
        "The file that says what it takes. Without it the one that ships counts.",
    ),
    key(
        "policy.contact",
        Shape::Text,
        Optional,
        "\"@it-help\"",
        "Whom to ask, said with every refusal: words, or the id of a person (`U…`) or a channel (`C…`).",
    ),
    key(
        "auth_plugins.duo",
        Shape::Named("domains of e-mail addresses, in quotes"),
        Optional,
        "",
        "Accounts at Duo, one for each domain of people's e-mail addresses; docs/step-up.md leads through it.",
    ),
    key("auth_plugins.duo.*", Shape::Section, Optional, "", "The application at Duo for one domain."),
    key(
        "auth_plugins.duo.*.api_url",
        Shape::Address,
        Required,
        "\"https://api-1a2b3c4d.duosecurity.com\"",
        "The API hostname of the application at Duo, with `https://` before it.",
    ),
    key(
        "auth_plugins.duo.*.integration_key",
        Shape::Secret,
        Required,
        "{ env = \"DUO_IKEY\" }",
        "The integration key, which Duo also calls client id.",
    ),
    key(
        "auth_plugins.duo.*.secret_key",
        Shape::Secret,
        Required,
        "{ env = \"DUO_SKEY\" }",
        "The secret key, which Duo also calls client secret.",
    ),
    key(
        "auth_plugins.duo.*.deadline",
        Shape::Time,
        Usually("\"70s\""),
        "\"70s\"",
        "How long the bot waits for an answer on the phone. Duo itself gives up after 60 s.",
    ),
    key(
        "auth_plugins.okta",
        Shape::Section,
        Optional,
        "",
        "Okta Verify, for people who are known at Okta by the e-mail address that Slack has of them. Its push shows \
         nothing of the plan.",
    ),
    key(
        "auth_plugins.okta.url",
        Shape::Address,
        Required,
        "\"https://example.okta.com\"",
        "The address of the organisation at Okta.",
    ),
    key(
        "auth_plugins.okta.api_token",
        Shape::Secret,
        Required,
        "{ env = \"OKTA_TOKEN\" }",
        "An API token, of an account that may read users and verify their factors: at Okta under Security, API, \
         Tokens.",
    ),
    key(
        "auth_plugins.passkey",
        Shape::Section,
        Optional,
        "",
        "Passkeys, on a page of the bot's own. Takes `web.public_url`, which is the address that they are for. Without \
         this section there are none, and no `!EnrollPasskey`.",
    ),
    key(
        "auth_plugins.passkey.name",
        Shape::Text,
        Usually("\"HubCommander\""),
        "\"HubCommander\"",
        "What people's devices call it.",
    ),
    key(
        "break_glass",
        Shape::Section,
        Optional,
        "",
        "For the day when Slack is down: `hubcommander exec` runs one command on the host, with the passkeys of two of \
         these people; docs/break-glass.md leads through it. Takes `auth_plugins.passkey` and `slack.alarm_channel`. \
         Without this section it is off.",
    ),
    key(
        "break_glass.people",
        Shape::Texts,
        Required,
        "[\"U0123ABCD\", \"U0456EFGH\", \"U0789JKLM\"]",
        "Ids in Slack of the people who may. Two of them are needed each time, so name three or more.",
    ),
];

/// What comes after the sources of devices.
const AFTER: &[Key] = &[
    key(
        "practices",
        Shape::Free("docs/devices.md lists what can be set"),
        Optional,
        "",
        "What is looked at on people's devices, and what is said about it, where it differs from what ships; \
         docs/devices.md lists all of it. `[practices.uptodate]` with `required = { macOS = \"15.0\" }` sets the least \
         version of a system; a section with a new name and `software = { names = [\"Falcon.app\"] }` looks for a \
         product.",
    ),
    key(
        "notifications",
        Shape::Section,
        Optional,
        "",
        "Questions of the security team to people, such as \"was this you?\"; docs/notifications.md leads through it. \
         Without this section nothing is taken.",
    ),
    key(
        "notifications.secret",
        Shape::Secret,
        Optional,
        "{ env = \"NOTIFICATIONS_SECRET\" }",
        "What senders sign with over HTTP: `whsec_` and 24 to 64 bytes in base64. Without it nothing is taken there. \
         Takes `[web]`.",
    ),
    key(
        "notifications.previous_secret",
        Shape::Secret,
        Optional,
        "{ env = \"NOTIFICATIONS_SECRET_BEFORE\" }",
        "The one before, which counts too while senders change to the new one.",
    ),
    key(
        "notifications.channel",
        Shape::Text,
        Optional,
        "\"C0SECURITY\"",
        "Id of the channel that hears of grave answers and of questions without an answer; the bot must be in it. Left \
         out: the `alarm_channel`.",
    ),
    key(
        "notifications.escalate_after",
        Shape::Length,
        Usually("\"24h\""),
        "\"4h\"",
        "How long a question may stay without an answer, unless its sender says otherwise. From 1 minute to 14 days.",
    ),
    key(
        "notifications.keep",
        Shape::Length,
        Usually("\"90d\""),
        "\"30d\"",
        "How long questions and answers are kept. From 15 days on.",
    ),
    key(
        "notifications.folder",
        Shape::Text,
        Optional,
        "\"/var/lib/hubcommander/notifications\"",
        "A folder that items are taken from, for those who cannot send by HTTP: `*.json`. Whoever can write there asks \
         in the security team's name.",
    ),
    key(
        "notifications.webhook",
        Shape::Section,
        Optional,
        "",
        "Where answers are forwarded to, and that there is none.",
    ),
    key(
        "notifications.webhook.url",
        Shape::Address,
        Required,
        "\"https://siem.example.com/hooks/hubcommander\"",
        "Its address. A name or password in it, or a `?`, is refused: calls are signed.",
    ),
    key(
        "notifications.webhook.secret",
        Shape::Secret,
        Required,
        "{ env = \"NOTIFICATIONS_WEBHOOK_SECRET\" }",
        "What calls are signed with, another one than `secret`: `whsec_` and 24 to 64 bytes in base64.",
    ),
    key(
        "travis",
        Shape::Section,
        Optional,
        "",
        "An account at Travis CI; docs/travis.md leads through it. Without this section the commands about Travis \
         (`!EnableTravis`, `!ListTravisOrgs`) do not exist.",
    ),
    key(
        "travis.api_url",
        Shape::Address,
        Usually("\"https://api.travis-ci.com\""),
        "\"https://api.travis-ci.com\"",
        "Where Travis' API is. For Travis CI Enterprise: `https://HOST/api`.",
    ),
    key(
        "travis.token",
        Shape::Secret,
        Required,
        "{ env = \"TRAVIS_TOKEN\" }",
        "The account's token: in its settings at Travis, under API authentication.",
    ),
    key(
        "travis.sync_wait",
        Shape::Time,
        Usually("\"45s\""),
        "\"45s\"",
        "How long one try waits for Travis to look at GitHub, before it counts as not done yet; there are five \
         tries. At most 50 s.",
    ),
    key(
        "audit",
        Shape::Section,
        Optional,
        "",
        "How the record of what was done is sealed; docs/audit.md explains it. Without this section it is chained, but \
         not signed.",
    ),
    key(
        "audit.key",
        Shape::Secret,
        Optional,
        "{ file = \"/run/secrets/audit-key.pem\" }",
        "The private key that signs, Ed25519 in PEM. `hubcommander audit key --new PATH` makes one. Without it, whoever \
         can write to the database can make the whole record anew.",
    ),
    key(
        "audit.public_keys",
        Shape::Texts,
        Usually("[]"),
        "[\"ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"]",
        "Public keys that seals may be signed with besides: those that were used before, or on a machine that only \
         verifies the one in use. `hubcommander audit key` prints it.",
    ),
    key(
        "audit.keep",
        Shape::Length,
        Optional,
        "\"400d\"",
        "How long is kept what entries say, and commands that are over. After that the hashes stay, so the record can \
         still be verified. Left out: for ever. At least 30 days.",
    ),
    key(
        "audit.announce",
        Shape::Section,
        Optional,
        "",
        "Where the head of the record is announced, so that not even whoever holds the database and the key can cut its \
         end off unseen. Give one place or more, out of the reach of those who run the bot.",
    ),
    key(
        "audit.announce.at",
        Shape::Text,
        Usually("\"00:00\""),
        "\"09:00\"",
        "At which time of day, in UTC, and counted from it the others.",
    ),
    key(
        "audit.announce.every",
        Shape::Length,
        Usually("\"24h\""),
        "\"6h\"",
        "How often. From a minute to a day.",
    ),
    key("audit.announce.channel", Shape::Text, Optional, "\"C0SECURITY\"", "Id of a channel in Slack."),
    key(
        "audit.announce.file",
        Shape::Text,
        Optional,
        "\"/mnt/elsewhere/audit-heads\"",
        "A file that gets a line each time. It helps only if it is kept on another machine.",
    ),
    key(
        "audit.announce.syslog",
        Shape::Text,
        Optional,
        "\"tcp://logs.example.com:601\"",
        "A log: `udp://HOST:PORT`, `tcp://HOST:PORT` (RFC 5424, over TCP with octets counted) or `unix:///dev/log`.",
    ),
    key(
        "protection",
        Shape::Named("profiles, by the names that people type"),
        Optional,
        "",
        "How branches are protected, for `!SetBranchProtection`. What a profile does not speak of, such as who \
         alone may push, stays as it is.",
    ),
    key("protection.*", Shape::Section, Optional, "", "One profile."),
    key(
        "protection.*.kind",
        Shape::Choice(&["classic", "ruleset"]),
        Usually("\"classic\""),
        "\"ruleset\"",
        "By what GitHub keeps it: the protection of the branch, or a ruleset of the repository. Several rulesets \
         hold at once, and everybody who may read sees them.",
    ),
    key(
        "protection.*.reviews",
        Shape::Number(0, 6),
        Optional,
        "1",
        "How many must approve a pull request; 0: a pull request without. Left out: it takes none.",
    ),
    key(
        "protection.*.dismiss_stale",
        Shape::Flag,
        Usually("false"),
        "true",
        "Whether new commits make approvals void. Takes `reviews`.",
    ),
    key(
        "protection.*.code_owners",
        Shape::Flag,
        Usually("false"),
        "true",
        "Whether code owners must approve what is theirs. Takes `reviews`.",
    ),
    key(
        "protection.*.checks",
        Shape::Texts,
        Usually("[]"),
        "[\"ci/build\"]",
        "Names of checks that must pass, as they stand under a pull request.",
    ),
    key(
        "protection.*.up_to_date",
        Shape::Flag,
        Usually("false"),
        "true",
        "Whether a change must be up to date with the branch before it goes in. Takes `checks`.",
    ),
    key(
        "protection.*.admins",
        Shape::Flag,
        Usually("true"),
        "false",
        "Whether it holds for the repository's administrators too.",
    ),
    key(
        "protection.*.linear_history",
        Shape::Flag,
        Usually("false"),
        "true",
        "Whether merge commits are refused.",
    ),
    key("protection.*.signatures", Shape::Flag, Usually("false"), "true", "Whether commits must be signed."),
    key(
        "protection.*.allow_force_pushes",
        Shape::Flag,
        Usually("false"),
        "true",
        "Whether history may be rewritten.",
    ),
    key(
        "protection.*.allow_deletions",
        Shape::Flag,
        Usually("false"),
        "true",
        "Whether the branch may be deleted.",
    ),
    key(
        "protection.*.conversation_resolution",
        Shape::Flag,
        Usually("false"),
        "true",
        "Whether every conversation must be resolved. In a ruleset it takes `reviews`.",
    ),
    key(
        "members",
        Shape::Section,
        Optional,
        "",
        "Who belongs to the organisations, and whom nobody knows. docs/members.md says more.",
    ),
    key(
        "members.sweep_at",
        Shape::Text,
        Usually("\"02:30\""),
        "\"04:00\"",
        "At which time of day, in UTC, it is looked for strangers and for members who have left, where there is a \
         directory; what has changed since the night before is said in `slack.alarm_channel`. `\"off\"` for never.",
    ),
    key(
        "nudges",
        Shape::Section,
        Optional,
        "",
        "A word a week to people whose devices need something, by direct message, in their own working hours and time \
         zone: only about what is critical or newly broken, and silence when all is well. Each can put it off or \
         switch it off for themselves with `!Nudges`. docs/devices.md says more.",
    ),
    key("nudges.enabled", Shape::Flag, Usually("false"), "true", "Whether anybody is nudged at all."),
    key(
        "nudges.day",
        Shape::Choice(&["monday", "tuesday", "wednesday", "thursday", "friday"]),
        Usually("\"tuesday\""),
        "\"thursday\"",
        "On which day.",
    ),
    key(
        "nudges.hour",
        Shape::Number(9, 16),
        Usually("10"),
        "14",
        "From which hour on, where the person is. Within that hour each comes at a time of their own.",
    ),
    key(
        "nudges.every_days",
        Shape::Number(7, 90),
        Usually("7"),
        "14",
        "How many days lie between two nudges of one person, at least.",
    ),
    key(
        "nudges.only",
        Shape::Texts,
        Usually("[]"),
        "[\"ana@example.com\", \"slack:pilot\"]",
        "The only people who are nudged, by e-mail or as `slack:HANDLE` of a user group, for a careful start. Left out \
         or empty: everyone who has a device.",
    ),
    key(
        "web",
        Shape::Section,
        Optional,
        "",
        "The web server, with the health page. Without this section there is none.",
    ),
    key(
        "web.listen",
        Shape::Socket,
        Usually("\"127.0.0.1:8080\""),
        "\"127.0.0.1:8080\"",
        "The IP address and port to listen on.",
    ),
    key(
        "web.public_url",
        Shape::Address,
        Optional,
        "\"https://hubcommander.example.com\"",
        "How people reach it, for links.",
    ),
    key(
        "web.history_days",
        Shape::Number(1, 3_650),
        Usually("400"),
        "90",
        "For how many days it is kept how many devices stood how, for the plots: one count a day, and nothing of any \
         single device.",
    ),
    key(
        "web.login",
        Shape::Section,
        Optional,
        "",
        "Where people can sign in to the pages about their devices.",
    ),
    key(
        "web.login.*",
        Shape::Section,
        Optional,
        "",
        "A provider of identities that speaks OpenID Connect: Slack, Google, Okta, Entra. Its name stands in addresses. \
         Without any, the bot's link in Slack is the way in. At the provider, the address to come back to is `/login/back` \
         below `web.public_url`.",
    ),
    key(
        "web.login.*.title",
        Shape::Text,
        Optional,
        "\"Google\"",
        "What people call it, for the button. Left out, it is the section's name.",
    ),
    key(
        "web.login.*.issuer",
        Shape::Address,
        Required,
        "\"https://accounts.google.com\"",
        "Its issuer: `https://slack.com`, `https://accounts.google.com`, `https://NAME.okta.com`, \
         `https://login.microsoftonline.com/TENANT/v2.0`.",
    ),
    key(
        "web.login.*.client_id",
        Shape::Text,
        Required,
        "\"1234.apps.example.com\"",
        "What it knows the bot by.",
    ),
    key(
        "web.login.*.client_secret",
        Shape::Secret,
        Required,
        "{ env = \"LOGIN_CLIENT_SECRET\" }",
        "What proves there that it is the bot.",
    ),
    key(
        "web.login.*.domains",
        Shape::Texts,
        Required,
        "[\"example.com\"]",
        "The domains of e-mail addresses that may come in.",
    ),
    key(
        "web.login.*.entra",
        Shape::Flag,
        Usually("false"),
        "true",
        "For Entra, which says by the optional claim `xms_edov` whether an e-mail address is of a domain that its owner \
         has proved. Leave it out for all others.",
    ),
    key("log", Shape::Section, Optional, "", "What is logged, to standard error."),
    key(
        "log.format",
        Shape::Choice(&["text", "json"]),
        Usually("\"text\""),
        "\"json\"",
        "Lines for people, or one JSON object a line for machines.",
    ),
    key(
        "log.filter",
        Shape::Text,
        Usually("\"info\""),
        "\"info,hubcommander=debug\"",
        "What is worth a line: a level, or levels by module, as in \
         <https://docs.rs/tracing-subscriber/0.3/tracing_subscriber/filter/struct.EnvFilter.html>.",
    ),
];

/// The keys directly in the section with this path.
pub fn keys_in(section: &str) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.section() == section)
}

/// The key with this path.
#[must_use]
pub fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// What a command has to do with config.toml: its name, and the keys of its own that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownCommand {
    /// Its name, as in its specification.
    pub name: &'static str,
    /// Its own keys.
    pub settings: &'static [Setting],
}

impl KnownCommand {
    /// A command with the keys of its own.
    #[must_use]
    pub const fn new(name: &'static str, settings: &'static [Setting]) -> Self {
        Self { name, settings }
    }
}

/// A command's own key, as the table has the others. Its path is its name alone: it is read by itself.
pub(super) fn own(setting: &'static Setting) -> Key {
    let shape = match setting.kind {
        SettingKind::Flag => Shape::Flag,
        SettingKind::Number(least, most) => Shape::Number(least, most),
        SettingKind::Text => Shape::Text,
        SettingKind::Length => Shape::Length,
        SettingKind::Texts => Shape::Texts,
        SettingKind::Choice(words) => Shape::Choice(words),
        SettingKind::Choices(words) => Shape::Choices(words),
    };
    let presence = match setting.default {
        "" => Optional,
        default => Usually(default),
    };
    Key { path: setting.name, shape, presence, about: setting.about, example: setting.example }
}

/// The gates that a command's `auth` may name.
pub const GATES: &[&str] =
    &["any", "approval", "confirm", "duo", "healthy_device", "okta", "passkey", "reason"];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_key_stands_once_below_its_section() {
        let mut seen = HashSet::new();
        for key in KEYS {
            assert!(seen.insert(key.path), "{} is there twice", key.path);
            assert!(
                key.section().is_empty() || seen.contains(key.section()),
                "{} before its section",
                key.path
            );
        }
    }

    #[test]
    fn every_key_is_explained() {
        for key in KEYS {
            assert!(key.about.ends_with('.') || key.about.ends_with('>'), "{}", key.path);
            let section = matches!(key.shape, Shape::Section | Shape::Named(_) | Shape::Free(_));
            assert_eq!(section, key.example.is_empty(), "{}", key.path);
        }
    }
}
