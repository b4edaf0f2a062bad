//! A company with three people, some devices, and the pages before them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use chrono::TimeDelta;
use http_body_util::BodyExt as _;
use hubcommander_posture::{
    Assessment, Catalogue, Conflict, Device, Disagreement, Identifiers, Platform, Practice, PracticeKey,
    Preview, Rating, Record, Seen, Status, Witness, preview,
};
use hubcommander_sdk::clock::{Clock, Instant};
use hubcommander_stethoscope::{Answer, Freshness, Look, Looks, Outcome};
use hubcommander_stethoscope_pages::memory::Memory;
use hubcommander_stethoscope_pages::ports::{Access, Action, DayCount, GithubAccount, Lease, Notice, Person};
use hubcommander_stethoscope_pages::{Behind, Pages, Secrets, Settings, oidc, router};
use tower::ServiceExt as _;
use url::Url;

pub const MIA: &str = "mia@example.com";
pub const ANA: &str = "ana@example.com";

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct Still(Mutex<Instant>);

impl Still {
    pub fn at(time: Instant) -> Self {
        Self(Mutex::new(time))
    }
}

impl Clock for Still {
    fn now(&self) -> Instant {
        *self.0.lock().unwrap()
    }
}

pub fn start() -> Instant {
    "2026-03-03T12:00:00Z".parse().unwrap()
}

/// Looks at devices that tests put there.
pub struct FakeLooks {
    pub devices: Mutex<BTreeMap<String, Vec<Device>>>,
    pub silent: Mutex<BTreeSet<String>>,
    pub disowned: Mutex<BTreeSet<(String, String)>>,
    pub asked: Mutex<Vec<(String, Freshness)>>,
    clock: Arc<Still>,
    catalogue: Catalogue,
}

impl FakeLooks {
    fn answer(&self, email: &str, devices: Vec<Device>) -> Look {
        let at = self.clock.now();
        let silent = self.silent.lock().unwrap();
        let answers = [("google", "Google"), ("jamf", "Jamf")]
            .map(|(source, title)| Answer {
                source: source.into(),
                title: title.into(),
                outcome: if silent.contains(source) {
                    Outcome::Silent
                } else {
                    Outcome::Answered(devices.len())
                },
                at: at - TimeDelta::minutes(3),
            })
            .into();
        Look {
            email: email.into(),
            devices,
            answers,
            problems: Vec::new(),
            at,
            disowned: self.disowned.lock().unwrap().clone(),
        }
    }
}

#[async_trait]
impl Looks for FakeLooks {
    async fn look(&self, email: &str, freshness: Freshness) -> Look {
        self.asked.lock().unwrap().push((email.to_owned(), freshness));
        let devices = self.devices.lock().unwrap().get(email).cloned().unwrap_or_default();
        self.answer(email, devices)
    }

    fn last(&self, _: &str) -> Option<Look> {
        None
    }

    async fn everything(&self) -> Look {
        let devices = self.devices.lock().unwrap().values().flatten().cloned().collect();
        self.answer("", devices)
    }

    async fn preview(&self, then: &Catalogue) -> (Preview, Vec<String>) {
        let records = self.devices.lock().unwrap().values().flatten().map(record_of).collect();
        let silent = self.silent.lock().unwrap().iter().map(|name| name.to_uppercase()).collect();
        (preview(records, &self.catalogue, then, self.clock.now()), silent)
    }

    fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }
}

/// The record that leads to such a device.
fn record_of(device: &Device) -> Record {
    let one = &device.witnesses[0];
    let mut record = Record::new(&one.source, one.id.clone());
    record.owners = vec![MIA.to_owned()];
    record.platform = device.platform;
    record.os_version.clone_from(&device.os_version);
    record.last_seen = device.last_seen;
    for (key, found) in &device.practices {
        let seen = match found.status {
            Status::Ok => Seen::Good,
            Status::Nudge => Seen::Improvable,
            Status::Warn => Seen::Bad,
            Status::Na => Seen::NotApplicable,
            Status::Unknown => Seen::Unknown,
        };
        record.saw(&key.0, seen, found.last_updated, None);
    }
    record
}

fn practice(title: &str, order: u32, why: &str, mac: &[&str]) -> Practice {
    let steps: Vec<String> = mac.iter().map(|step| (*step).to_owned()).collect();
    Practice {
        title: title.into(),
        titles: BTreeMap::new(),
        why: why.into(),
        link: None,
        directions: [(Platform::MacOs, steps.clone()), (Platform::Ios, steps)].into(),
        minutes: 2,
        not_on: BTreeSet::new(),
        always_on: BTreeSet::new(),
        when_bad: Status::Warn,
        when_missing: Status::Unknown,
        required: BTreeMap::new(),
        recommended: BTreeMap::new(),
        grace_days: 0,
        since: None,
        software: None,
        order,
    }
}

pub fn catalogue() -> Catalogue {
    let mut encryption = practice(
        "Disk encryption",
        1,
        "Without it, whoever finds the laptop reads everything on it.",
        &["Open System Settings.", "Choose Privacy & Security.", "Turn on FileVault."],
    );
    encryption.titles.insert(Status::Warn, "Turn on disk encryption".into());
    encryption.link = Some("https://support.apple.com/guide/mac-help/mh11785/mac".into());
    let mut uptodate = practice(
        "Up-to-date system",
        2,
        "Most attacks use holes that an update has closed.",
        &["Open Settings.", "Choose General, then Software Update.", "Install what is offered."],
    );
    uptodate.required.insert(Platform::MacOs, "14.0".into());
    let firewall = practice("Firewall", 3, "It keeps strangers on the same network out.", &["Turn it on."]);
    let screenlock =
        practice("Screen lock", 4, "A lock keeps others out while you are away.", &["Set a code."]);
    let practices = [
        ("encryption", encryption),
        ("uptodate", uptodate),
        ("firewall", firewall),
        ("screenlock", screenlock),
    ];
    Catalogue {
        practices: practices.into_iter().map(|(key, one)| (PracticeKey::from(key), one)).collect(),
        silent_after_days: 30,
        stale_after_days: 30,
    }
}

pub fn saw(status: Status, details: Option<&str>) -> Assessment {
    Assessment {
        status,
        source: (status != Status::Unknown).then(|| "jamf".into()),
        last_updated: (status != Status::Unknown).then(|| start() - TimeDelta::hours(5)),
        details: details.map(str::to_owned),
        directions: None,
        disagreement: Vec::new(),
        grace_until: None,
    }
}

pub fn device(
    id: &str,
    name: &str,
    platform: Platform,
    rating: Rating,
    practices: &[(&str, Assessment)],
) -> Device {
    let (model, os, version) = match platform {
        Platform::MacOs => ("MacBook Pro", "macOS", "14.2"),
        Platform::Ios => ("iPhone 15", "iOS", "17.4"),
        _ => ("ThinkPad X1", "Windows 11 Pro", "10.0.22631"),
    };
    Device {
        witnesses: vec![Witness { source: "jamf".into(), id: id.into(), last_seen: Some(start()) }],
        identifiers: Identifiers::default(),
        owners: vec![],
        name: Some(name.into()),
        model: Some(model.into()),
        platform: Some(platform),
        os: Some(os.into()),
        os_version: Some(version.into()),
        last_seen: Some(start() - TimeDelta::hours(2)),
        silent: false,
        rating,
        practices: practices.iter().map(|(key, one)| (PracticeKey::from(*key), one.clone())).collect(),
        conflicts: Vec::new(),
    }
}

/// Mia's devices: one critical, one with a thing nobody can tell, one fine, one long silent.
pub fn mias() -> Vec<Device> {
    let mut firewall = saw(Status::Ok, Some("On, with stealth mode"));
    firewall.disagreement = vec![Disagreement {
        source: "google".into(),
        status: Status::Warn,
        last_updated: Some(start() - TimeDelta::days(9)),
    }];
    let mut late = saw(Status::Nudge, Some("macOS 14.2; 14.6 is suggested"));
    late.grace_until = Some(start() + TimeDelta::days(6));
    let mut laptop = device(
        "1",
        "Mia's MacBook",
        Platform::MacOs,
        Rating::Warn,
        &[
            ("encryption", saw(Status::Warn, Some("Macintosh HD: not encrypted"))),
            ("uptodate", late),
            ("firewall", firewall),
            ("screenlock", saw(Status::Unknown, None)),
        ],
    );
    laptop.conflicts = vec![Conflict {
        with: ("google".into(), "77".into()),
        shared: "network address".into(),
        contradiction: "serial number".into(),
    }];
    let fine =
        [("encryption", saw(Status::Ok, None)), ("screenlock", saw(Status::Ok, Some("After 5 minutes")))];
    let phone = device("2", "Mia's iPhone", Platform::Ios, Rating::Ok, &fine);
    let desktop = device("3", "Mia's ThinkPad", Platform::Windows, Rating::Ok, &fine);
    let mut old =
        device("4", "Old laptop", Platform::MacOs, Rating::Warn, &[("encryption", saw(Status::Warn, None))]);
    old.silent = true;
    old.last_seen = Some(start() - TimeDelta::days(70));
    vec![laptop, phone, desktop, old]
}

pub struct World {
    pub pages: Arc<Pages>,
    pub router: Router,
    pub memory: Arc<Memory>,
    pub looks: Arc<FakeLooks>,
    pub clock: Arc<Still>,
}

/// What came back.
pub struct Got {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The session's cookie as it is sent back.
    pub fn cookie(&self) -> String {
        let all = self.headers.get_all(header::SET_COOKIE).iter();
        all.map(|value| value.to_str().unwrap().split(';').next().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join("; ")
    }

    pub fn csrf(&self) -> String {
        let (_, rest) = self.body.split_once("name=\"csrf\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    /// What a person reads in the main part, without markup.
    pub fn text(&self) -> String {
        let (_, main) = self.body.split_once("<main").unwrap();
        let main = main.split_once('>').unwrap().1.split("</main>").next().unwrap();
        let mut out = String::new();
        let mut inside = false;
        for char in main.chars() {
            match char {
                '<' => {
                    inside = true;
                    out.push(' ');
                }
                '>' => inside = false,
                char if !inside => out.push(char),
                _ => {}
            }
        }
        let out = out.replace("&#39;", "'").replace("&#38;", "&");
        let lines = out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        // Where a tag ends before a point there is no space.
        let lines = lines.map(|line| line.replace(" .", ".").replace(" ,", ",").replace(" :", ":"));
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

impl World {
    pub fn at(public_url: &str) -> Self {
        Self::with(public_url, Vec::new())
    }

    pub fn new() -> Self {
        Self::at("https://pages.example.com")
    }

    pub fn with(public_url: &str, providers: Vec<Arc<oidc::Provider>>) -> Self {
        let clock = Arc::new(Still::at(start()));
        let looks = Arc::new(FakeLooks {
            devices: Mutex::new([(MIA.to_owned(), mias())].into()),
            silent: Mutex::default(),
            disowned: Mutex::default(),
            asked: Mutex::default(),
            clock: Arc::clone(&clock),
            catalogue: catalogue(),
        });
        let memory = Arc::new(Memory::default());
        memory.kept().administrators.insert(ANA.into());
        let behind = Behind {
            looks: looks.clone(),
            sessions: memory.clone(),
            rules: memory.clone(),
            views: memory.clone(),
            history: memory.clone(),
            access: memory.clone(),
            notices: memory.clone(),
            tokens: memory.clone(),
            providers,
            clock: clock.clone(),
            secrets: Arc::new(Secrets::seeded([1; 32])),
        };
        let settings = Settings::new(Url::parse(public_url).unwrap());
        let pages = Arc::new(Pages::new(settings, behind).unwrap());
        Self { router: router(Arc::clone(&pages)), pages, memory, looks, clock }
    }

    pub fn pass(&self, time: TimeDelta) {
        *self.clock.0.lock().unwrap() += time;
    }

    pub async fn send(&self, request: Request<Body>) -> Got {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Got { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub async fn get(&self, path: &str, cookie: &str) -> Got {
        let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// As a browser sends a form from our own page: `Origin` is `null`, because of `no-referrer`.
    pub async fn post(&self, path: &str, cookie: &str, form: &str) -> Got {
        self.post_from(path, cookie, form, &[("sec-fetch-site", "same-origin"), ("origin", "null")]).await
    }

    pub async fn post_from(&self, path: &str, cookie: &str, form: &str, from: &[(&str, &str)]) -> Got {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in from {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// A one-time link for somebody: the path of it.
    pub async fn link(&self, email: &str) -> String {
        let name = email.split('@').next().unwrap();
        let name = name[..1].to_uppercase() + &name[1..];
        self.pages.login_link(Person { email: email.into(), name }).await.unwrap().path().to_owned()
    }

    /// Signs somebody in; their cookie.
    pub async fn sign_in(&self, email: &str) -> String {
        let got = self.post(&self.link(email).await, "", "").await;
        assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.body);
        got.cookie()
    }

    /// Questions, rights, counts of days: something on every page.
    pub fn fill(&self) {
        let mut kept = self.memory.kept();
        let action = |key: &str, label: &str, grave| Action { key: key.into(), label: label.into(), grave };
        let notice = |id: &str, question: &str, hours| Notice {
            id: id.into(),
            question: question.into(),
            details: "A new key was added to your GitHub account from Lisbon.".into(),
            at: start() - TimeDelta::hours(hours),
            actions: vec![action("yes", "Yes, it was me", false), action("no", "No, it was not", true)],
            answer: None,
        };
        let mut answered = notice("n1", "Did you sign in from a new phone?", 70);
        answered.answer = Some(hubcommander_stethoscope_pages::ports::Given {
            action: "yes".into(),
            at: start() - TimeDelta::hours(60),
        });
        kept.notices.insert(MIA.into(), vec![notice("n2", "Was this you?", 4), answered]);
        let lease = Lease {
            resource: "acme/widgets".into(),
            right: "can push".into(),
            ends: start() + TimeDelta::hours(3),
            give_back: Some("!Return inv-7Q4K2".into()),
        };
        let github = GithubAccount { login: "mia-dev".into(), linked: Some(start() - TimeDelta::days(12)) };
        kept.access.insert(MIA.into(), Access { leases: vec![lease], github: Some(github) });
        let today = start().date_naive();
        for back in 0..60u32 {
            for (platform, size) in
                [(Platform::MacOs, 80), (Platform::Windows, 60), (Platform::Ubuntu, 12), (Platform::Ios, 40)]
            {
                let warn = (size / 8 + back * size / 300).min(size);
                kept.days.push(DayCount {
                    day: today - TimeDelta::days(i64::from(back)),
                    practice: PracticeKey::from("encryption"),
                    platform: Some(platform),
                    ok: size - warn,
                    nudge: 0,
                    warn,
                    unknown: u32::from(back % 2 == 0),
                    is_whole: true,
                });
            }
        }
    }
}
