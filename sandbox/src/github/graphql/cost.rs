//! What a query costs, before it is run: each list counts as often as the lists around it have things.

use serde_json::{Value, json};

use super::document::{Asked, Problem};
use super::schema::{Holds, field};

/// More things than this no query may ask for.
const MOST_NODES: u64 = 500_000;
/// More things than this no list gives at once.
pub(super) const MOST_AT_ONCE: u64 = 100;

/// What a query costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    /// Points of the hourly limit, at least one.
    pub(super) points: u64,
    /// How many things it may bring.
    pub(super) nodes: u64,
}

pub(super) fn of(fields: &[Asked]) -> Result<Cost, Problem> {
    let mut sum = Sum::default();
    sum.add("Query", fields, 1, &mut Vec::new())?;
    if sum.nodes > MOST_NODES {
        let message = format!(
            "This query requests up to {} possible nodes which exceeds the maximum limit of {MOST_NODES}.",
            sum.nodes
        );
        return Err(Problem::of("MAX_NODE_LIMIT_EXCEEDED", message));
    }
    Ok(Cost { points: ((sum.requests + 50) / 100).max(1), nodes: sum.nodes })
}

#[derive(Default)]
struct Sum {
    requests: u64,
    nodes: u64,
}

impl Sum {
    /// `times`: how often these fields are answered at most.
    fn add(
        &mut self,
        kind: &str,
        fields: &[Asked],
        times: u64,
        path: &mut Vec<Value>,
    ) -> Result<(), Problem> {
        for asked in fields {
            let kind = asked.only_on.as_deref().unwrap_or(kind);
            let Some((_, holds, _)) = field(kind, &asked.name) else { continue };
            path.push(json!(asked.key));
            match *holds {
                Holds::Leaf(_) => {}
                Holds::One(held) | Holds::All(held) => self.add(held, &asked.fields, times, path)?,
                Holds::Pages(_, _, node) => {
                    let size = size(asked, path)?;
                    self.requests = self.requests.saturating_add(times);
                    self.nodes = self.nodes.saturating_add(times.saturating_mul(size));
                    self.add_nodes(node, &asked.fields, times.saturating_mul(size), path)?;
                }
            }
            path.pop();
        }
        Ok(())
    }

    fn add_nodes(
        &mut self,
        node: &str,
        fields: &[Asked],
        times: u64,
        path: &mut Vec<Value>,
    ) -> Result<(), Problem> {
        for asked in fields {
            path.push(json!(asked.key));
            match asked.name.as_str() {
                "nodes" => self.add(node, &asked.fields, times, path)?,
                "edges" => {
                    for inner in asked.fields.iter().filter(|inner| inner.name == "node") {
                        self.add(node, &inner.fields, times, path)?;
                    }
                }
                _ => {}
            }
            path.pop();
        }
        Ok(())
    }
}

/// How many a list is to give: it must be said, and not be too many.
fn size(asked: &Asked, path: &[Value]) -> Result<u64, Problem> {
    let problem = |kind, message: String| Err(Problem::of(kind, message).at(asked.at).path(path));
    let (name, side) = (&asked.name, if asked.arguments.contains_key("first") { "first" } else { "last" });
    if asked.arguments.contains_key("first") && asked.arguments.contains_key("last") {
        let message = format!(
            "Passing both `first` and `last` values to paginate the `{name}` connection is not supported."
        );
        return problem("INVALID_PAGINATION_BOUNDARIES", message);
    }
    match asked.number(side) {
        None => {
            let message = format!(
                "You must provide a `first` or `last` value to properly paginate the `{name}` connection."
            );
            problem("MISSING_PAGINATION_BOUNDARIES", message)
        }
        Some(size) if size > MOST_AT_ONCE => {
            let message = format!(
                "Requesting {size} records on the `{name}` connection exceeds the `{side}` limit of {MOST_AT_ONCE} records."
            );
            problem("EXCESSIVE_PAGINATION", message)
        }
        Some(size) => Ok(size),
    }
}
