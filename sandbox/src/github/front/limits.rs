//! How much one may ask: per hour, and all at once.

use std::collections::{BTreeMap, VecDeque};

use chrono::TimeDelta;
use http::Method;
use hubcommander_sdk::clock::Instant;

use super::answer::Refused;
use super::auth::Actor;

pub(super) const PRIMARY_MESSAGE: &str = "API rate limit exceeded. See the documentation on rate limits.";
pub(super) const SECONDARY_MESSAGE: &str = "You have exceeded a secondary rate limit and have been temporarily \
    blocked from content creation. Please retry your request again later.";

/// Limits of the local GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests per hour of who proved to be somebody; `None`: no limit, and no headers about one, as on
    /// GitHub Enterprise Server.
    pub per_hour: Option<u64>,
    /// Requests per hour of all others together.
    pub anonymous_per_hour: u64,
    /// Searches per minute of who proved to be somebody; others have a third of it.
    pub searches_per_minute: u64,
    /// Points per hour for GraphQL.
    pub graphql_per_hour: u64,
    /// The status when they are used up: 403 or 429.
    pub used_up_status: u16,
    /// Whether the limits below hold.
    pub secondary: bool,
    /// Writes per minute.
    pub writes_per_minute: usize,
    /// Points per minute: a read is 1, a write 5.
    pub points_per_minute: u64,
    /// Requests at the same time.
    pub concurrent: usize,
}

impl Default for Limits {
    /// GitHub's numbers for a personal access token, the secondary limits off.
    fn default() -> Self {
        Self {
            per_hour: Some(5000),
            anonymous_per_hour: 60,
            searches_per_minute: 30,
            graphql_per_hour: 5000,
            used_up_status: 403,
            secondary: false,
            writes_per_minute: 80,
            points_per_minute: 900,
            concurrent: 100,
        }
    }
}

/// What is counted apart from the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Resource {
    /// Most of it, per hour.
    Core,
    /// Searching, per minute.
    Search,
    /// GraphQL, per hour and in points.
    GraphQl,
}

impl Resource {
    const ALL: [Self; 3] = [Self::Core, Self::Search, Self::GraphQl];

    pub(super) fn of(path: &str) -> Self {
        match path {
            "/graphql" | "/api/graphql" => Self::GraphQl,
            path if path.starts_with("/search/") => Self::Search,
            _ => Self::Core,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Search => "search",
            Self::GraphQl => "graphql",
        }
    }

    fn window(self) -> TimeDelta {
        if self == Self::Search { TimeDelta::minutes(1) } else { TimeDelta::hours(1) }
    }
}

/// What is left of an hour, or of a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) limit: u64,
    pub(crate) used: u64,
    pub(crate) reset: Instant,
}

impl Rate {
    pub(crate) fn remaining(self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

#[derive(Debug)]
struct Hour {
    ends: Instant,
    used: u64,
}

/// Counts.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    limits: Limits,
    hours: BTreeMap<(String, Resource), Hour>,
    minutes: BTreeMap<String, VecDeque<(Instant, u64)>>,
}

/// What wants in.
pub(super) struct Admission<'a> {
    pub(super) actor: &'a Actor,
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) resource: Resource,
    pub(super) in_flight: usize,
}

impl Meter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    fn limit(&self, actor: &Actor, resource: Resource) -> Option<u64> {
        let core = self.limits.per_hour?;
        let anonymous = *actor == Actor::Anonymous;
        Some(match resource {
            Resource::Core if anonymous => self.limits.anonymous_per_hour,
            Resource::Core => core,
            Resource::Search if anonymous => self.limits.searches_per_minute / 3,
            Resource::Search => self.limits.searches_per_minute,
            Resource::GraphQl if anonymous => 0,
            Resource::GraphQl => self.limits.graphql_per_hour,
        })
    }

    fn hour(&mut self, actor: &Actor, resource: Resource, now: Instant) -> &mut Hour {
        let fresh = || Hour { ends: now + resource.window(), used: 0 };
        let hour = self.hours.entry((actor.key(), resource)).or_insert_with(fresh);
        if hour.ends <= now {
            *hour = fresh();
        }
        hour
    }

    /// How this actor stands with everything that is counted.
    pub(super) fn rates(&mut self, actor: &Actor, now: Instant) -> Vec<(Resource, Rate)> {
        let rates = Resource::ALL.into_iter().map(|one| Some((one, self.rate(actor, one, now)?)));
        rates.flatten().collect()
    }

    /// How this actor stands; `None` without a limit.
    pub(super) fn rate(&mut self, actor: &Actor, resource: Resource, now: Instant) -> Option<Rate> {
        let limit = self.limit(actor, resource)?;
        let hour = self.hour(actor, resource, now);
        Some(Rate { limit, used: hour.used, reset: hour.ends })
    }

    /// Counts a request, or refuses it.
    pub(super) fn admit(&mut self, asked: &Admission<'_>, now: Instant) -> Result<(), Refused> {
        // Asking for the limits is free.
        if asked.path == "/rate_limit" {
            return Ok(());
        }
        if self.limits.secondary {
            self.admit_minute(asked, now)?;
        }
        let Some(limit) = self.limit(asked.actor, asked.resource) else { return Ok(()) };
        let hour = self.hour(asked.actor, asked.resource, now);
        // Who is nobody is refused by GraphQL itself, in other words.
        if hour.used >= limit && !(asked.resource == Resource::GraphQl && limit == 0) {
            return Err(Refused::new(self.limits.used_up_status, PRIMARY_MESSAGE));
        }
        hour.used += 1;
        Ok(())
    }

    fn admit_minute(&mut self, asked: &Admission<'_>, now: Instant) -> Result<(), Refused> {
        let reading = asked.method.is_safe() || asked.resource == Resource::GraphQl;
        let points = if reading { 1 } else { 5 };
        let minute = self.minutes.entry(asked.actor.key()).or_default();
        while minute.front().is_some_and(|(at, _)| *at + TimeDelta::seconds(60) <= now) {
            minute.pop_front();
        }
        let spent: u64 = minute.iter().map(|(_, points)| points).sum();
        let writes = minute.iter().filter(|(_, points)| *points == 5).count();
        let too_much = spent + points > self.limits.points_per_minute
            || (points == 5 && writes >= self.limits.writes_per_minute)
            || asked.in_flight > self.limits.concurrent;
        if too_much {
            return Err(Refused::forbidden(SECONDARY_MESSAGE).header("retry-after", "60"));
        }
        minute.push_back((now, points));
        Ok(())
    }

    /// Counts points beyond the one that was counted on the way in.
    pub(super) fn charge(&mut self, actor: &Actor, resource: Resource, points: u64) {
        if let Some(hour) = self.hours.get_mut(&(actor.key(), resource)) {
            hour.used += points;
        }
    }

    /// Takes one request back.
    pub(super) fn give_back(&mut self, actor: &Actor, resource: Resource) {
        if let Some(hour) = self.hours.get_mut(&(actor.key(), resource)) {
            hour.used = hour.used.saturating_sub(1);
        }
    }
}
