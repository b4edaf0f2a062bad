//! From the configured files to a policy, against the commands that there are.

use std::collections::BTreeSet;
use std::fmt;

use hubcommander_policy::{Fault, Policy, Ruled, Sources, Surroundings};

use crate::registry::{Operations, Registry};

/// What can be asked of people here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Means {
    /// The names of the step-ups that are set up.
    pub step_ups: BTreeSet<String>,
    /// Whether anything knows people's devices.
    pub devices: bool,
    /// Who agrees where a command's `auth` says `approval`.
    pub approvers: BTreeSet<String>,
}

/// All that is wrong with the policies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

/// Reads the policies.
///
/// # Errors
/// All that is wrong with them.
pub fn read(
    sources: &Sources,
    contact: Option<&str>,
    registry: &Registry,
    operations: &Operations,
    means: &Means,
) -> Result<Policy, Faults> {
    let surroundings = Surroundings {
        commands: registry
            .iter()
            .map(|registered| Ruled { spec: registered.spec(), auth: &registered.auth })
            .chain(registry.switched_off().iter().map(|spec| Ruled { spec, auth: &[] }))
            .collect(),
        operations: operations.kinds().map(str::to_owned).collect(),
        step_ups: means.step_ups.clone(),
        devices: means.devices,
        approvers: means.approvers.clone(),
        contact: contact.map(str::to_owned),
    };
    Policy::new(sources, &surroundings).map_err(Faults)
}
