//! `[device_sources]`: what each source is told at start.

use std::time::Duration;

use hubcommander_device_sources::{
    Setup as DeviceSources, fleet, google, intune, jamf, landesk, osquery, sample,
};

use super::secret::Secret;
use super::sections::{Reading, token};
use super::value::Value;

impl Reading<'_, '_, '_> {
    /// The sources whose sections could be read.
    pub(super) fn device_sources(&mut self) -> DeviceSources {
        // Each secret is fetched, so that what is wrong with any of them is said.
        let fleet = self.secret("device_sources.fleet.token", token);
        let google = self.secret("device_sources.google.key", token);
        let intune = self.secret("device_sources.intune.client_secret", token);
        let jamf = self.secret("device_sources.jamf.client_secret", token);
        let landesk = self.secret("device_sources.landesk.password", token);
        let osquery = self.secret("device_sources.osquery.enroll_secret", enroll_secret);
        let sample = self.secret("device_sources.sample.token", token);
        let at = |path: &'static str| self.address(path);
        let text = |path: &'static str| self.text(path, &[]);
        DeviceSources {
            fleet: fleet.and_then(|token| Some(fleet::Settings::new(at("device_sources.fleet.url")?, token))),
            google: google
                .and_then(|key| google::Settings::new(key, text("device_sources.google.subject")?).ok()),
            intune: intune.and_then(|secret| {
                let (tenant, id) =
                    (text("device_sources.intune.tenant")?, text("device_sources.intune.client_id")?);
                intune::Settings::new(tenant, id, secret).ok()
            }),
            jamf: jamf.and_then(|secret| {
                let id = text("device_sources.jamf.client_id")?;
                let settings = jamf::Settings::new(at("device_sources.jamf.url")?, id, secret);
                let api = match text("device_sources.jamf.api").as_deref() {
                    Some("classic") => jamf::Api::Classic,
                    _ => jamf::Api::Pro,
                };
                let mobile = self.flag("device_sources.jamf.mobile", &[]);
                Some(jamf::Settings { api, mobile, ..settings })
            }),
            landesk: landesk.and_then(|password| {
                let [host, database, user] = ["host", "database", "user"]
                    .map(|key| self.text(&format!("device_sources.landesk.{key}"), &[]));
                let mut settings = landesk::Settings::new(host?, database?, user?, password);
                settings.port = self.number("device_sources.landesk.port")?.try_into().ok()?;
                settings.reading.zone = text("device_sources.landesk.zone")?.parse().ok()?;
                Some(settings)
            }),
            osquery: osquery.and_then(|secret| self.osquery(secret)),
            sample: sample
                .and_then(|token| Some(sample::Settings::new(at("device_sources.sample.url")?, token))),
        }
    }

    fn osquery(&self, secret: Secret) -> Option<osquery::Setup> {
        let Value::Socket(listen) = self.value("device_sources.osquery.listen", &[])? else { return None };
        let file = |path: &str| self.text(path, &[]).map(Into::into);
        let certificate = file("device_sources.osquery.certificate");
        let identity = certificate
            .zip(file("device_sources.osquery.private_key"))
            .map(|(certificate, key)| osquery::Identity { certificate, key });
        let settings = osquery::Settings {
            interval: self.time("device_sources.osquery.interval")?,
            refresh_within: self.time("device_sources.osquery.refresh_within")?,
            accelerate: self.time("device_sources.osquery.accelerate")?,
            ..osquery::Settings::new(secret)
        };
        Some(osquery::Setup { settings, listen, identity })
    }

    fn time(&self, path: &str) -> Option<Duration> {
        match self.value(path, &[])? {
            Value::Time(time) => Some(time),
            _ => None,
        }
    }
}

fn enroll_secret(secret: &str) -> Option<(&'static str, &'static str)> {
    let short = secret.chars().count() < osquery::SHORTEST_SECRET;
    short.then_some((
        "has fewer than 24 characters, so it could be guessed.",
        "Make a longer one, for example with `openssl rand -base64 32`, and put it on the computers too.",
    ))
}
