//! What is set up: the sources, and who is told what was linked.

use std::collections::BTreeMap;
use std::time::Duration;

use hubcommander_directory::readers::{
    CsvFile, CsvSettings, GoogleDirectory, GoogleSettings, HttpSettings, HttpSource, OktaDirectory,
    OktaSettings,
};
use hubcommander_directory::{Reader, Trouble};
use hubcommander_sdk::clock::SharedClock;
use secrecy::SecretString;
use url::Url;

/// A source, in the order in which what they say is put together: what the first says of somebody counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Told by SCIM.
    Scim,
    /// Read from Okta.
    Okta,
    /// Read from Google.
    Google,
    /// Read as JSON over HTTP.
    Http,
    /// Read from a CSV file.
    Csv,
}

impl Source {
    /// All there are.
    pub const ALL: [Self; 5] = [Self::Scim, Self::Okta, Self::Google, Self::Http, Self::Csv];

    /// Its name in the configuration, in the store and on the command line.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Scim => "scim",
            Self::Okta => "okta",
            Self::Google => "google",
            Self::Http => "http",
            Self::Csv => "csv",
        }
    }

    /// The source of this name.
    #[must_use]
    pub fn named(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.key() == key)
    }
}

/// Where it is told what was linked.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// The address.
    pub url: Url,
    /// What calls are signed with, each.
    pub secrets: Vec<SecretString>,
}

/// What `[directory]` says. Without any source, Slack says who works here.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How often sources are read.
    pub every: Duration,
    /// The tokens that open the SCIM server, by names for the log.
    pub scim: Option<BTreeMap<String, SecretString>>,
    /// `[directory.okta]`.
    pub okta: Option<OktaSettings>,
    /// `[directory.google]`.
    pub google: Option<GoogleSettings>,
    /// `[directory.http]`.
    pub http: Option<HttpSettings>,
    /// `[directory.csv]`.
    pub csv: Option<CsvSettings>,
    /// `[directory.webhook]`.
    pub webhook: Option<WebhookSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        let every = Duration::from_secs(15 * 60);
        Self { every, scim: None, okta: None, google: None, http: None, csv: None, webhook: None }
    }
}

impl Settings {
    /// The sources that are set up.
    pub fn sources(&self) -> impl Iterator<Item = Source> {
        Source::ALL.into_iter().filter(|source| match source {
            Source::Scim => self.scim.is_some(),
            Source::Okta => self.okta.is_some(),
            Source::Google => self.google.is_some(),
            Source::Http => self.http.is_some(),
            Source::Csv => self.csv.is_some(),
        })
    }

    /// Those of them that are read.
    pub fn readers(&self) -> impl Iterator<Item = Source> {
        self.sources().filter(|source| *source != Source::Scim)
    }

    /// What a source is called in messages.
    #[must_use]
    pub fn name(&self, source: Source) -> String {
        match source {
            Source::Scim => "SCIM".to_owned(),
            Source::Okta => "Okta".to_owned(),
            Source::Google => "Google".to_owned(),
            Source::Http => self.http.as_ref().map_or("the directory", |http| &http.name).to_owned(),
            Source::Csv => "the CSV file".to_owned(),
        }
    }

    /// What reads a source, made anew for each reading: `known` worked there at the last one. `None` if it is not read.
    ///
    /// # Errors
    /// [`Trouble::Setup`].
    pub fn reader(
        &self,
        source: Source,
        known: usize,
        clock: &SharedClock,
    ) -> Result<Option<Box<dyn Reader>>, Trouble> {
        fn boxed(reader: impl Reader + 'static) -> Box<dyn Reader> {
            Box::new(reader)
        }
        let clock = || SharedClock::clone(clock);
        Ok(match source {
            Source::Scim => None,
            Source::Okta => match self.okta.clone() {
                Some(settings) => {
                    Some(boxed(OktaDirectory::new(&OktaSettings { known, ..settings }, clock())?))
                }
                None => None,
            },
            Source::Google => match self.google.clone() {
                Some(settings) => {
                    Some(boxed(GoogleDirectory::new(GoogleSettings { known, ..settings }, clock())?))
                }
                None => None,
            },
            Source::Http => match self.http.clone() {
                Some(settings) => Some(boxed(HttpSource::new(HttpSettings { known, ..settings }, clock())?)),
                None => None,
            },
            Source::Csv => {
                let csv = self.csv.clone();
                csv.map(|settings| boxed(CsvFile::new(CsvSettings { known, ..settings }, clock())))
            }
        })
    }

    /// The same for somebody who waits for the answer: nothing is asked again.
    #[must_use]
    pub fn impatient(mut self) -> Self {
        let reaches = [
            self.okta.as_mut().map(|okta| &mut okta.reach),
            self.google.as_mut().map(|google| &mut google.reach),
            self.http.as_mut().map(|http| &mut http.reach),
        ];
        reaches.into_iter().flatten().for_each(|reach| reach.waits.tries = 1);
        self
    }

    /// All secrets, to be kept out of the log.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        let scim = self.scim.iter().flat_map(BTreeMap::values);
        let okta = self.okta.iter().map(|okta| &okta.token);
        let google = self.google.iter().map(|google| &google.key);
        let http = self.http.iter().flat_map(|http| http.token.iter().map(|(_, _, token)| token));
        let webhook = self.webhook.iter().flat_map(|webhook| &webhook.secrets);
        scim.chain(okta).chain(google).chain(http).chain(webhook)
    }
}
