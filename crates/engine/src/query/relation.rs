//! What a statement reads below an aggregate: one view, who is in it, and what confines it.
//!
//! An allow-list over the unoptimised plan: scans, names, filters and two kinds of join; every other node is
//! refused by its rule. Source: privacy model §9.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::{Column, DFSchemaRef, JoinType};
use datafusion::logical_expr::{BinaryExpr, Expr, Join, LogicalPlan, Operator, Projection};

use super::Asking;
use super::rule::predicate::{Chosen, choose, conjuncts, needle};
use super::rule::{computation, identity, join, rows, set_operation, subquery};
use super::statement::is_person;
use super::tables::{PublicList, View as Table, public_list, view};
use super::view::{self, Meaning};
use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::plan::View;

/// Where a column of rows comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A column of a view.
    Column(Meaning),
    /// A column of a public list, which follows from its key.
    Attribute(Attribute),
}

/// A fact of a place or a site that a public list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attribute {
    /// The postcode area of a district.
    PostcodeArea,
    /// The region in which most of a district's sectors lie.
    Region,
    /// The category of a site.
    Category,
}

impl Attribute {
    /// What it is a fact of.
    #[must_use]
    pub const fn key(self) -> Dimension {
        match self {
            Self::PostcodeArea | Self::Region => Dimension::PresentIn,
            Self::Category => Dimension::Site,
        }
    }
}

/// Rows of one view, maybe with the attributes of their people beside them.
#[derive(Clone, Debug)]
pub struct Relation {
    /// The view whose rows are bounded and counted.
    pub view: View,
    /// The bins that rows and people are confined to.
    pub filters: BTreeMap<Dimension, BTreeSet<String>>,
    /// Whether a condition holds for no row, whatever the data.
    pub nothing: bool,
    schema: DFSchemaRef,
    sources: Vec<Source>,
}

impl Relation {
    /// Where a column comes from.
    ///
    /// # Errors
    /// A fault when the planner names a column that its own schema does not have.
    pub fn source(&self, column: &Column) -> Result<Source> {
        let at = self.schema.maybe_index_of_column(column);
        let found = at.and_then(|at| self.sources.get(at).copied());
        found.ok_or_else(|| Error::fault("F03", format!("a plan without its column {column}")))
    }

    fn confine(&mut self, chosen: Chosen, all: usize) {
        match chosen {
            Chosen::All(holds) => self.nothing |= !holds,
            Chosen::Bins(dimension, bins) => {
                let own = self.filters.entry(dimension).or_insert_with(|| bins.clone());
                own.retain(|it| bins.contains(it));
                self.nothing |= own.is_empty();
                if own.len() == all {
                    self.filters.remove(&dimension);
                }
            }
        }
    }
}

/// A side of a join.
enum Side {
    People(Relation),
    Public(PublicList, DFSchemaRef),
}

/// Reads the rows below an aggregate.
///
/// # Errors
/// `Q03` to `Q09` for whatever is not on the allow-list.
pub fn read(plan: &LogicalPlan, asking: &Asking<'_>) -> Result<Relation> {
    match side(plan, asking)? {
        Side::People(relation) => Ok(relation),
        Side::Public(list, _) => Err(rows::shown(list.name(), "the aggregate", asking.sql)),
    }
}

fn side(plan: &LogicalPlan, asking: &Asking<'_>) -> Result<Side> {
    let below = |node: &str, needle: &str| Err(set_operation::below(node, asking.sql, needle));
    match plan {
        LogicalPlan::TableScan(scan) => {
            if let Some(list) = public_list(&scan.source) {
                return Ok(Side::Public(list, DFSchemaRef::clone(&scan.projected_schema)));
            }
            match view(&scan.source) {
                Some(Table { view }) => Ok(Side::People(whole(view, &scan.projected_schema))),
                None => {
                    Err(join::not_allowed("rows of people stand beside another table", asking.sql))
                }
            }
        }
        LogicalPlan::SubqueryAlias(alias) => Ok(match side(&alias.input, asking)? {
            Side::People(relation) => {
                Side::People(Relation { schema: DFSchemaRef::clone(&alias.schema), ..relation })
            }
            Side::Public(list, _) => Side::Public(list, DFSchemaRef::clone(&alias.schema)),
        }),
        LogicalPlan::Projection(projection) => projected(projection, asking).map(Side::People),
        LogicalPlan::Filter(filter) => {
            let mut relation = read(&filter.input, asking)?;
            for condition in conjuncts(&filter.predicate) {
                let chosen = choose(condition, &relation, asking)?;
                let all = match &chosen {
                    Chosen::Bins(dimension, _) => asking.lists.bins(*dimension).all.len(),
                    Chosen::All(_) => 0,
                };
                relation.confine(chosen, all);
            }
            Ok(Side::People(relation))
        }
        LogicalPlan::Join(join) => joined(join, asking).map(Side::People),
        LogicalPlan::Aggregate(aggregate) => {
            let person = aggregate.group_expr.iter().map(needle).find(|it| is_person(it));
            match person {
                Some(name) => Err(identity::used("GROUP BY", asking.sql, &name)),
                None => below("an aggregate", "group by"),
            }
        }
        LogicalPlan::Limit(_) => below("LIMIT or OFFSET", "limit"),
        LogicalPlan::Sort(_) => below("ORDER BY", "order by"),
        LogicalPlan::Distinct(_) => below("DISTINCT", "distinct"),
        LogicalPlan::Window(_) => below("a window function", "over"),
        LogicalPlan::Union(_) => below("UNION", "union"),
        LogicalPlan::Values(_) => {
            Err(join::not_allowed("rows of people are joined with VALUES", asking.sql))
        }
        LogicalPlan::RecursiveQuery(_) => below("a recursive query", "recursive"),
        LogicalPlan::Unnest(_) => below("UNNEST", "unnest"),
        LogicalPlan::Subquery(_) => {
            Err(subquery::below("a lateral subquery", asking.sql, "lateral"))
        }
        other => below(&format!("{:?}", other.display().to_string()), "from"),
    }
}

/// All rows of a view.
fn whole(view: View, schema: &DFSchemaRef) -> Relation {
    let spec = view::of(view);
    let source = |name: &String| {
        let column = spec.columns.iter().find(|it| it.name == *name);
        column.map_or(Source::Column(Meaning::Unit), |it| Source::Column(it.meaning))
    };
    Relation {
        view,
        filters: BTreeMap::new(),
        nothing: false,
        sources: schema.fields().iter().map(|it| source(it.name())).collect(),
        schema: DFSchemaRef::clone(schema),
    }
}

fn projected(projection: &Projection, asking: &Asking<'_>) -> Result<Relation> {
    let relation = read(&projection.input, asking)?;
    let source = |expression: &Expr| match expression {
        Expr::Column(column) => relation.source(column),
        Expr::Alias(alias) => match alias.expr.as_ref() {
            Expr::Column(column) => relation.source(column),
            other => Err(computed(other, asking)),
        },
        other => Err(computed(other, asking)),
    };
    let sources = projection.expr.iter().map(source).collect::<Result<_>>()?;
    Ok(Relation { sources, schema: DFSchemaRef::clone(&projection.schema), ..relation })
}

/// The refusal of an expression on rows.
pub fn computed(expression: &Expr, asking: &Asking<'_>) -> Error {
    let text = match expression {
        Expr::Cast(_) | Expr::TryCast(_) => expression.to_string(),
        other => other.human_display().to_string(),
    };
    match expression {
        Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) => {
            subquery::below("a subquery", asking.sql, "(select")
        }
        Expr::WindowFunction(_) => set_operation::below("a window function", asking.sql, "over"),
        other => computation::on_rows(&text, asking.sql, &needle(other)),
    }
}

fn joined(join: &Join, asking: &Asking<'_>) -> Result<Relation> {
    let wrong = |found: &str| Err(join::not_allowed(found, asking.sql));
    if join.join_type != JoinType::Inner {
        return wrong(&format!(
            "a {} join of rows of people",
            join.join_type.to_string().to_uppercase()
        ));
    }
    let (left, right) = (side(&join.left, asking)?, side(&join.right, asking)?);
    let Some(pairs) = equalities(join) else {
        return wrong("a join on something else than equal columns");
    };
    match (left, right) {
        (Side::People(left), Side::People(right)) => of_people(join, left, right, &pairs, asking),
        (Side::People(people), Side::Public(list, schema)) => {
            with_list(join, people, (list, &schema), &pairs, false, asking)
        }
        (Side::Public(list, schema), Side::People(people)) => {
            with_list(join, people, (list, &schema), &pairs, true, asking)
        }
        _ => wrong("two public lists are joined below the aggregate"),
    }
}

/// Rows with the attributes of their people.
fn of_people(
    join: &Join,
    left: Relation,
    right: Relation,
    pairs: &[(Column, Column)],
    asking: &Asking<'_>,
) -> Result<Relation> {
    let wrong = |found: &str| Err(join::not_allowed(found, asking.sql));
    let either = |column: &Column| left.source(column).or_else(|_| right.source(column));
    let person =
        |column: &Column| either(column).is_ok_and(|it| it == Source::Column(Meaning::Unit));
    let view = match (left.view, right.view) {
        (View::Subscriber, View::Subscriber) => return wrong("a view is joined with itself"),
        (View::Subscriber, rows) | (rows, View::Subscriber) => rows,
        (one, other) if one == other => return wrong("a view is joined with itself"),
        _ => {
            return wrong(
                "rows are joined with rows: no registered view has visits beside presence",
            );
        }
    };
    match pairs {
        [(one, other)] if person(one) && person(other) => {}
        [] => return wrong("a cross join of rows of people"),
        _ => return wrong("people are joined on something else than the person, or on more"),
    }
    let mut filters = left.filters;
    let mut nothing = left.nothing || right.nothing;
    for (dimension, bins) in right.filters {
        let own = filters.entry(dimension).or_insert_with(|| bins.clone());
        own.retain(|it| bins.contains(it));
        nothing |= own.is_empty();
    }
    let sources = left.sources.into_iter().chain(right.sources).collect();
    Ok(Relation { view, filters, nothing, schema: DFSchemaRef::clone(&join.schema), sources })
}

/// Rows with the facts of their places or sites.
fn with_list(
    join: &Join,
    people: Relation,
    (list, schema): (PublicList, &DFSchemaRef),
    pairs: &[(Column, Column)],
    list_first: bool,
    asking: &Asking<'_>,
) -> Result<Relation> {
    let own: Vec<Source> = schema.fields().iter().filter_map(|it| list.source(it.name())).collect();
    let of_list =
        |column: &Column| schema.maybe_index_of_column(column).and_then(|at| own.get(at).copied());
    let key = Source::Column(Meaning::Bin(list.key()));
    let is_key = |column: &Column| {
        of_list(column).or_else(|| people.source(column).ok()).is_some_and(|it| it == key)
    };
    match pairs {
        [(one, other)] if is_key(one) && is_key(other) => {}
        _ => {
            return Err(join::not_allowed(
                "a public list is joined on something else than its key",
                asking.sql,
            ));
        }
    }
    let sources = if list_first {
        own.into_iter().chain(people.sources).collect()
    } else {
        people.sources.into_iter().chain(own).collect()
    };
    Ok(Relation { sources, schema: DFSchemaRef::clone(&join.schema), ..people })
}

/// The pairs of columns that must be equal; `None` when there is any other condition.
fn equalities(join: &Join) -> Option<Vec<(Column, Column)>> {
    let column = |it: &Expr| match it {
        Expr::Column(column) => Some(column.clone()),
        _ => None,
    };
    let mut pairs: Vec<(Column, Column)> =
        join.on.iter().map(|(one, other)| column(one).zip(column(other))).collect::<Option<_>>()?;
    for condition in join.filter.iter().flat_map(conjuncts) {
        let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition else {
            return None;
        };
        pairs.push(column(left).zip(column(right))?);
    }
    Some(pairs)
}
