//! All commands by name, and all operations by kind.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chatline::{Grammar, SpecFault};
use hubcommander_sdk::command::{Command, CommandSpec};
use hubcommander_sdk::operation::{Handler, Operation, Power, Probe};
use hubcommander_sdk::plan::{Plan, Step};

/// A command, ready to be asked.
pub struct Registered {
    /// The plugin.
    pub command: Arc<dyn Command>,
    /// The parser made from its specification.
    pub grammar: Grammar,
    /// Whether `!Help` keeps quiet about it.
    pub hidden: bool,
    /// What it takes besides what its risk takes: names of gates, from config.toml.
    pub auth: Vec<String>,
}

/// A command's specification contradicts itself: a fault of the plugin.
#[derive(Debug, thiserror::Error)]
#[error("the command {name}: {fault}")]
pub struct WrongSpec {
    name: String,
    fault: SpecFault,
}

impl Registered {
    /// Makes a command ready to be asked.
    ///
    /// # Errors
    /// Its specification contradicts itself.
    pub fn new(command: Arc<dyn Command>, hidden: bool, auth: Vec<String>) -> Result<Self, WrongSpec> {
        let spec = command.spec();
        let grammar =
            Grammar::new(&spec.args).map_err(|fault| WrongSpec { name: spec.name.clone(), fault })?;
        Ok(Self { command, grammar, hidden, auth })
    }

    /// Whether people are told of it.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        !self.hidden && !self.spec().only_when_due
    }

    /// What there is to know of it.
    #[must_use]
    pub fn spec(&self) -> &CommandSpec {
        self.command.spec()
    }
}

/// How a first word relates to the commands there are.
pub enum Recognised<'a> {
    /// It is this command.
    Known(&'a Arc<Registered>),
    /// It is none, but nearly this one.
    Near(&'a Arc<Registered>),
    /// It is none.
    Unknown,
}

/// Two things go by the same name.
#[derive(Debug, thiserror::Error)]
#[error("two {what} go by the name `{name}`")]
pub struct SameName {
    what: &'static str,
    name: String,
}

/// All commands.
#[derive(Default)]
pub struct Registry {
    commands: Vec<Arc<Registered>>,
    switched_off: Vec<CommandSpec>,
    by_name: HashMap<String, usize>,
}

impl Registry {
    /// Made of the commands that are enabled.
    ///
    /// # Errors
    /// Two of them share a name or alias.
    pub fn new(commands: Vec<Registered>) -> Result<Self, SameName> {
        let mut registry = Self::default();
        for registered in commands {
            let registered = Arc::new(registered);
            let index = registry.commands.len();
            let spec = registered.spec();
            for name in std::iter::once(&spec.name).chain(&spec.aliases) {
                if registry.by_name.insert(name.to_ascii_lowercase(), index).is_some() {
                    return Err(SameName { what: "commands", name: name.clone() });
                }
            }
            registry.commands.push(registered);
        }
        registry.commands.sort_by(|a, b| {
            (&a.spec().group, a.spec().name.to_lowercase())
                .cmp(&(&b.spec().group, b.spec().name.to_lowercase()))
        });
        // The sort moved them: name the places anew.
        registry.by_name = registry
            .commands
            .iter()
            .enumerate()
            .flat_map(|(index, registered)| {
                let spec = registered.spec();
                std::iter::once(&spec.name)
                    .chain(&spec.aliases)
                    .map(move |name| (name.to_ascii_lowercase(), index))
                    .collect::<Vec<_>>()
            })
            .collect();
        Ok(registry)
    }

    /// The same, with what there is to know of commands that are switched off: policies may speak of them still.
    #[must_use]
    pub fn with_switched_off(mut self, specs: Vec<CommandSpec>) -> Self {
        self.switched_off = specs;
        self
    }

    /// What there is to know of commands that are switched off.
    #[must_use]
    pub fn switched_off(&self) -> &[CommandSpec] {
        &self.switched_off
    }

    /// The command of this name or alias, in any case.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Arc<Registered>> {
        self.by_name.get(&name.to_ascii_lowercase()).and_then(|&index| self.commands.get(index))
    }

    /// The command of this name, or the one that was nearly typed: no more than `distance` edits away.
    #[must_use]
    pub fn recognise(&self, name: &str, distance: usize) -> Recognised<'_> {
        if let Some(registered) = self.find(name) {
            return Recognised::Known(registered);
        }
        let visible = self.commands.iter().filter(|registered| registered.is_shown());
        let names: Vec<&str> = visible
            .flat_map(|registered| {
                let spec = registered.spec();
                std::iter::once(spec.name.as_str()).chain(spec.aliases.iter().map(String::as_str))
            })
            .collect();
        match chatline::within(name, names, distance).and_then(|near| self.find(near)) {
            Some(registered) => Recognised::Near(registered),
            None => Recognised::Unknown,
        }
    }

    /// All of them, by group and name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Registered>> {
        self.commands.iter()
    }
}

/// All operations and probes by kind.
#[derive(Clone, Default)]
pub struct Operations {
    handlers: BTreeMap<&'static str, Arc<dyn Handler>>,
    probes: BTreeMap<&'static str, Arc<dyn Probe>>,
}

impl Operations {
    /// Made of what each client brings.
    ///
    /// # Errors
    /// Two share a kind.
    pub fn new(handlers: Vec<Arc<dyn Handler>>, probes: Vec<Arc<dyn Probe>>) -> Result<Self, SameName> {
        Self::default().and(handlers, probes)
    }

    /// These and more.
    ///
    /// # Errors
    /// Two share a kind.
    pub fn and(
        mut self,
        handlers: Vec<Arc<dyn Handler>>,
        probes: Vec<Arc<dyn Probe>>,
    ) -> Result<Self, SameName> {
        for handler in handlers {
            let kind = handler.kind();
            if self.handlers.insert(kind, handler).is_some() {
                return Err(SameName { what: "operations", name: kind.to_owned() });
            }
        }
        for probe in probes {
            let kind = probe.kind();
            if self.probes.insert(kind, probe).is_some() {
                return Err(SameName { what: "probes", name: kind.to_owned() });
            }
        }
        Ok(self)
    }

    /// The handler that understands this operation, its version included.
    #[must_use]
    pub fn handler(&self, operation: &Operation) -> Option<&Arc<dyn Handler>> {
        self.handlers
            .get(operation.kind.as_str())
            .filter(|handler| handler.versions().contains(&operation.version))
    }

    /// All kinds of operations.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.handlers.keys().copied()
    }

    /// The powers that a plan uses: those of all its steps.
    #[must_use]
    pub fn powers(&self, plan: &Plan) -> BTreeSet<Power> {
        let of =
            |step: &Step| self.handler(&step.operation).map(|handler| handler.powers(&step.operation.input));
        plan.steps.iter().filter_map(of).flatten().chain(plan.powers.iter().copied()).collect()
    }

    /// The probe of this kind.
    #[must_use]
    pub fn probe(&self, kind: &str) -> Option<&Arc<dyn Probe>> {
        self.probes.get(kind)
    }
}
