//! What the local Fleet knows. No HTTP here.

use serde_json::json;

use crate::device_doc::Device;

/// All there is.
#[derive(Clone, Debug)]
pub struct State {
    /// The hosts, each as `GET /hosts/ID` gives it, with its `device_mapping`.
    pub hosts: Vec<Device>,
    /// The token that is known.
    pub token: String,
    /// Whether the query is passed over and everything is answered.
    pub careless: bool,
    /// After how many looks a host that was asked to report anew does; `None`, and it never does.
    pub reports_after: Option<u32>,
    /// The host that is to report anew, and how many looks it still takes.
    pub(super) waiting: Vec<(u64, u32)>,
}

impl State {
    /// A Fleet with this token, and no hosts yet.
    pub fn new(token: &str) -> Self {
        let (hosts, waiting) = (Vec::new(), Vec::new());
        Self { hosts, token: token.to_owned(), careless: false, reports_after: Some(1), waiting }
    }

    /// A host by its id.
    pub fn host_mut(&mut self, id: u64) -> Option<&mut Device> {
        self.hosts.iter_mut().find(|host| host.raw["id"] == id)
    }

    pub(super) fn refetch(&mut self, id: u64) {
        if let Some(looks) = self.reports_after {
            self.waiting.push((id, looks));
        }
        if let Some(host) = self.host_mut(id) {
            host.set("refetch_requested", json!(true));
        }
    }

    /// Somebody looks at a host: one that was asked to report anew comes closer to it.
    pub(super) fn look(&mut self, id: u64, now: &str) {
        let Some(at) = self.waiting.iter().position(|(host, _)| *host == id) else { return };
        if self.waiting[at].1 > 0 {
            self.waiting[at].1 -= 1;
            return;
        }
        self.waiting.remove(at);
        if let Some(host) = self.host_mut(id) {
            host.set("refetch_requested", json!(false));
            host.set("detail_updated_at", json!(now));
            host.set("policy_updated_at", json!(now));
            host.set("seen_time", json!(now));
        }
    }
}
