//! Runs a query that was checked.

use serde_json::{Map, Value, json};

use super::connection::Page;
use super::cost::Cost;
use super::document::{Asked, Problem};
use super::fields::{Found, Thing};
use super::schema::{Holds, field};
use crate::github::front::call::Call;
use crate::github::front::limits::Rate;

/// The data, and what went wrong on the way.
pub(super) fn run(
    call: &Call<'_>,
    fields: &[Asked],
    rate: Option<Rate>,
    cost: &Cost,
) -> (Value, Vec<Problem>) {
    let mut run = Run { call, rate, cost: *cost, problems: Vec::new(), path: Vec::new() };
    let data = run.thing(&Thing::Root, fields);
    (data, run.problems)
}

pub(super) struct Run<'a, 'c> {
    pub(super) call: &'a Call<'c>,
    pub(super) rate: Option<Rate>,
    pub(super) cost: Cost,
    problems: Vec<Problem>,
    path: Vec<Value>,
}

impl<'a> Run<'a, '_> {
    fn thing(&mut self, thing: &Thing<'a>, fields: &[Asked]) -> Value {
        let kind = thing.kind();
        let mut value = Map::new();
        for asked in fields {
            if asked.only_on.as_deref().is_some_and(|only| only != kind && !thing.is_also(only)) {
                continue;
            }
            if asked.name == "__typename" {
                value.insert(asked.key.clone(), json!(kind));
                continue;
            }
            self.path.push(json!(asked.key));
            let found = self.field(thing, asked);
            self.path.pop();
            value.insert(asked.key.clone(), found);
        }
        Value::Object(value)
    }

    fn field(&mut self, thing: &Thing<'a>, asked: &Asked) -> Value {
        let holds = field(thing.kind(), &asked.name).map(|(_, holds, _)| *holds);
        match thing.field(self, asked) {
            Ok(Found::Leaf(value)) => value,
            Ok(Found::One(None)) => Value::Null,
            Ok(Found::One(Some(inner))) => self.thing(&inner, &asked.fields),
            Ok(Found::All(all)) => {
                let each = all.iter().enumerate().map(|(number, inner)| {
                    self.path.push(json!(number));
                    let value = self.thing(inner, &asked.fields);
                    self.path.pop();
                    value
                });
                each.collect()
            }
            Ok(Found::Many(items)) => match Page::cut(items, asked, &self.path) {
                Ok(page) => self.page(&page, holds, &asked.fields),
                Err(problem) => self.refuse(problem),
            },
            Err(problem) => {
                let problem = problem.at(asked.at).path(&self.path);
                self.refuse(problem)
            }
        }
    }

    fn refuse(&mut self, problem: Problem) -> Value {
        self.problems.push(problem);
        Value::Null
    }

    fn page(&mut self, page: &Page<'a>, holds: Option<Holds>, fields: &[Asked]) -> Value {
        let (connection, edge) = match holds {
            Some(Holds::Pages(connection, edge, _)) => (connection, edge),
            _ => ("", ""),
        };
        let mut value = Map::new();
        for asked in fields {
            self.path.push(json!(asked.key));
            let found = match asked.name.as_str() {
                "__typename" => json!(connection),
                "totalCount" => json!(page.total),
                "pageInfo" => {
                    let info = asked.fields.iter().map(|one| {
                        let told =
                            if one.name == "__typename" { json!("PageInfo") } else { page.info(&one.name) };
                        (one.key.clone(), told)
                    });
                    Value::Object(info.collect())
                }
                "nodes" => self.each(page, |run, item| run.thing(&item.thing, &asked.fields)),
                _ => self.each(page, |run, item| {
                    let told = asked.fields.iter().map(|one| {
                        let told = match one.name.as_str() {
                            "__typename" => json!(edge),
                            "node" => run.thing(&item.thing, &one.fields),
                            name => item.edge_field(name),
                        };
                        (one.key.clone(), told)
                    });
                    Value::Object(told.collect())
                }),
            };
            self.path.pop();
            value.insert(asked.key.clone(), found);
        }
        Value::Object(value)
    }

    fn each(
        &mut self,
        page: &Page<'a>,
        mut show: impl FnMut(&mut Self, &super::connection::Item<'a>) -> Value,
    ) -> Value {
        let mut all = Vec::with_capacity(page.items.len());
        for (number, item) in page.items.iter().enumerate() {
            self.path.push(json!(number));
            all.push(show(self, item));
            self.path.pop();
        }
        Value::Array(all)
    }
}
