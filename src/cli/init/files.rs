//! The three files, made from the answers.

use std::fmt::Write as _;

use hubcommander_policy::source::{SHIPPED_OBLIGATIONS, SHIPPED_POLICY};

use super::answers::Answers;

/// What they are called.
pub(super) const NAMES: [&str; 3] = ["config.toml", "policy.cedar", "obligations.cedar"];

/// The group that the policies that ship name.
const SHIPPED_GROUP: &str = "security-team";
/// The line that asks for proof in the obligations that ship.
const PROOF: &str = "\n@step_up(\"any\")\n@approvals";

/// What the files say that are to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Files {
    pub config: String,
    pub policy: String,
    pub obligations: String,
}

impl Files {
    pub fn new(answers: &Answers) -> Self {
        let named = |text: &str| text.replace(SHIPPED_GROUP, &answers.group);
        let mut obligations = named(SHIPPED_OBLIGATIONS);
        if answers.duo.is_none() {
            obligations = obligations.replace(
                PROOF,
                "\n// Once there is a way to prove who one is: take off these two slashes, and the file asks for it.\n\
                 // @step_up(\"any\")\n@approvals",
            );
            obligations = obligations.replace(
                "This needs proof that it is you, and a second person.",
                "This needs a second person.",
            );
        }
        Self { config: config(answers), policy: named(SHIPPED_POLICY), obligations }
    }

    pub fn named(&self) -> [(&'static str, &str); 3] {
        let [config, policy, obligations] = NAMES;
        [(config, &self.config), (policy, &self.policy), (obligations, &self.obligations)]
    }

    /// The configuration as if it named no files with policies.
    pub fn config_without_policies(&self) -> String {
        let names = |line: &&str| !line.starts_with("file = ") && !line.starts_with("obligations = ");
        self.config.lines().filter(names).fold(String::new(), |text, line| text + line + "\n")
    }
}

fn quoted(words: &str) -> String {
    toml::Value::String(words.to_owned()).to_string()
}

fn config(answers: &Answers) -> String {
    let Answers { orgs, group, approvals, alarms, duo, contact } = answers;
    let mut out = format!(
        "# HubCommander's configuration. Every key is explained in docs/configuration.md; the config.toml that ships with\n\
         # HubCommander shows more of them. `hubcommander check` tries it all and says what is wrong.\n\n\
         # Where everything is kept that must survive a crash.\n\
         [store]\n\
         url = \"sqlite://data/hubcommander.db\"      # or postgres://USER@HOST/DATABASE, its password in PGPASSWORD\n\n\
         # The Slack app. `hubcommander manifest` prints what to make it from; docs/slack-setup.md leads through it.\n\
         [slack]\n\
         bot_token = {{ env = \"SLACK_BOT_TOKEN\" }}    # xoxb-…, under OAuth & Permissions\n\
         app_token = {{ env = \"SLACK_APP_TOKEN\" }}    # xapp-…, under Basic Information, scope connections:write\n\
         alarm_channel = {}\n\n\
         # The privileged GitHub account: a token of an owner, or better a GitHub App.\n\
         [github]\n\
         token = {{ env = \"GITHUB_TOKEN\" }}\n\
         # app = {{ id = 123456, private_key = {{ file = \"/run/secrets/github-app.pem\" }} }}\n\n\
         # The organisations that the bot manages, and no others.\n",
        quoted(alarms),
    );
    for org in orgs {
        // A login is a bare key in TOML.
        let _ = writeln!(out, "[orgs.{org}]\naliases = []\nnew_repo_teams = []\n");
    }
    let _ = write!(
        out,
        "# Who may do what, and what it takes: docs/policy.md.\n\
         [policy]\n\
         file = \"policy.cedar\"\n\
         obligations = \"obligations.cedar\"\n\
         contact = {}\n\n\
         # A second person.\n\
         [auth_plugins.approval]\n\
         channel = {}\n\
         approvers = [{}]\n",
        quoted(contact),
        quoted(approvals),
        quoted(&format!("slack:{group}")),
    );
    if let Some((domain, host)) = duo {
        let _ = write!(
            out,
            "\n# A push on the phone. One section per e-mail domain.\n\
             [auth_plugins.duo.{}]\n\
             api_url = {}\n\
             integration_key = {{ env = \"DUO_IKEY\" }}\n\
             secret_key = {{ env = \"DUO_SKEY\" }}\n",
            quoted(domain),
            quoted(&format!("https://{host}")),
        );
    }
    out
}
