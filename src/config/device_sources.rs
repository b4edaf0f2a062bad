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
        DeviceSources {
            fleet: fleet.and_then(|token| self.fleet(token)),
            google: google.and_then(|key| self.google(key)),
            intune: intune.and_then(|secret| self.intune(secret)),
            jamf: jamf.and_then(|secret| self.jamf(secret)),
            landesk: landesk.and_then(|password| self.landesk(password)),
            osquery: osquery.and_then(|secret| self.osquery(secret)),
            sample: sample.and_then(|token| {
                Some(sample::Settings::new(self.address("device_sources.sample.url")?, token))
            }),
        }
    }

    fn fleet(&self, token: Secret) -> Option<fleet::Settings> {
        let mut settings = fleet::Settings::new(self.address("device_sources.fleet.url")?, token);
        settings.options.owner_sources =
            self.texts("device_sources.fleet.owner_sources", &[]).into_iter().collect();
        settings.options.fleet_id =
            self.number("device_sources.fleet.fleet_id").and_then(|id| id.try_into().ok());
        Some(settings)
    }

    fn google(&self, key: Secret) -> Option<google::Settings> {
        let mut settings = google::Settings::new(key, self.own("device_sources.google.subject")?).ok()?;
        let lists = self.texts("device_sources.google.lists", &[]);
        let on = |list: &str| lists.iter().any(|one| one == list);
        settings.lists =
            google::Lists { mobile: on("mobile"), chromeos: on("chromeos"), identity: on("identity") };
        settings.customer = self.own("device_sources.google.customer")?;
        settings.options.oldest_patch_days = self.days("device_sources.google.oldest_patch_days");
        settings.options.antivirus = self.own("device_sources.google.antivirus");
        Some(settings)
    }

    fn intune(&self, secret: Secret) -> Option<intune::Settings> {
        let tenant = self.own("device_sources.intune.tenant")?;
        let mut settings =
            intune::Settings::new(tenant, self.own("device_sources.intune.client_id")?, secret).ok()?;
        settings.options.defender = self.own("device_sources.intune.defender");
        settings.options.oldest_patch_days = self.days("device_sources.intune.oldest_patch_days");
        settings.all_in_full = self.flag("device_sources.intune.all_in_full", &[]);
        Some(settings)
    }

    fn jamf(&self, secret: Secret) -> Option<jamf::Settings> {
        let id = self.own("device_sources.jamf.client_id")?;
        let settings = jamf::Settings::new(self.address("device_sources.jamf.url")?, id, secret);
        let api = match self.own("device_sources.jamf.api").as_deref() {
            Some("classic") => jamf::Api::Classic,
            _ => jamf::Api::Pro,
        };
        let inventory = match self.own("device_sources.jamf.inventory").as_deref() {
            Some("v4") => Some(jamf::Inventory::V4),
            Some("v3") => Some(jamf::Inventory::V3),
            Some("v1") => Some(jamf::Inventory::V1),
            _ => None,
        };
        let token_path = self.own("device_sources.jamf.token_path");
        let mobile = self.flag("device_sources.jamf.mobile", &[]);
        Some(jamf::Settings { api, inventory, token_path, mobile, ..settings })
    }

    fn landesk(&self, password: Secret) -> Option<landesk::Settings> {
        let [host, database, user, zone, screenlock, autoupdate] =
            ["host", "database", "user", "zone", "screenlock", "autoupdate"]
                .map(|key| self.own(&format!("device_sources.landesk.{key}")));
        let mut settings = landesk::Settings::new(host?, database?, user?, password);
        settings.port = self.number("device_sources.landesk.port")?.try_into().ok()?;
        settings.reading.zone = zone?.parse().ok()?;
        settings.reading.screenlock = screenlock?;
        settings.reading.autoupdate = autoupdate?;
        settings.privacy = match self.own("device_sources.landesk.ca") {
            Some(authority) => landesk::Privacy::TlsOf(authority.into()),
            None if self.flag("device_sources.landesk.tls", &[]) => landesk::Privacy::Tls,
            None => landesk::Privacy::Plain,
        };
        Some(settings)
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

    fn own(&self, path: &str) -> Option<String> {
        self.text(path, &[])
    }

    fn days(&self, path: &str) -> Option<u32> {
        self.number(path)?.try_into().ok()
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
