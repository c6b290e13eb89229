//! The desk of questions: answers what was decided, for one partner.
//!
//! (1) Answers that stand are taken as they are. (2) What is left to pay must fit the reserve as a whole, or
//! nothing is charged. (3) Each question goes through the one desk of releases. (4) The free part runs over the
//! answers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use datafusion::datasource::TableProvider;
use datafusion::physical_plan;
use ledger::disk::Machine;
use privacy::Budget;

use super::catalog::Database;
use super::cube::{self, Readings};
use super::functions::{self, Told};
use super::planner::{Decision, Planned, Planner};
use super::released::Released;
use super::rule::unknown;
use super::shelf::{Ground, Shelf};
use super::{answer, explain};
use crate::error::{Error, Result};
use crate::publish::Publication;
use crate::run::{Partner, Run};
use crate::time::Period;

/// A minute: what the free part of a statement may take.
const FREE_TIME: Duration = Duration::from_mins(1);

/// Decides and answers statements for one partner.
pub struct Desk<'run> {
    run: &'run Run<'run>,
    ground: Arc<Ground>,
    partner: Partner,
    /// What decides.
    pub planner: Planner<'run>,
}

/// What a statement would cost now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// What its questions cost each person.
    pub whole: Budget,
    /// What is left of it to pay: answers that stand are free.
    pub due: Budget,
}

/// What was done for one question of a statement.
#[derive(Clone, Debug)]
pub struct Paid {
    /// The answer, as the ledger has it.
    pub id: String,
    /// What was charged; nothing when the answer stood already.
    pub charged: Budget,
    /// Cells published.
    pub published: u64,
    /// Cells of the public code lists.
    pub listed: u64,
}

/// The answer of a statement.
pub struct Answer {
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows.
    pub rows: Vec<RecordBatch>,
    /// Its questions, in order; none when it is free.
    pub paid: Vec<Paid>,
}

impl<'run> Desk<'run> {
    /// A desk for `partner` over a database, and the month of questions that name no day.
    ///
    /// # Errors
    /// A fault when vault or ledger cannot be read.
    pub fn open(
        run: &'run Run<'run>,
        shelf: &Shelf,
        (database, period): (Database, Option<Period>),
        partner: Partner,
    ) -> Result<Self> {
        Self::over(run, (&shelf.ground(run)?, shelf), (database, period), partner)
    }

    /// A desk over these months.
    ///
    /// # Errors
    /// A fault when the ledger cannot be read.
    pub fn over(
        run: &'run Run<'run>,
        (ground, shelf): (&Arc<Ground>, &Shelf),
        (database, period): (Database, Option<Period>),
        partner: Partner,
    ) -> Result<Self> {
        let released = Released::of(run.instance, &*run.history()?, &partner, &shelf.tables);
        let released = (database, &Arc::new(released));
        let planner = Planner::new(run.policy, ground, released, period)?;
        Ok(Self { run, ground: Arc::clone(ground), partner, planner })
    }

    /// Decides a statement for the partner: what is free, what is asked, what it costs; nothing is read or charged.
    ///
    /// # Errors
    /// `Q…` naming the rule, the place and a way out; `A07` a question about places that are not the partner's.
    pub fn decide(&self, sql: &str) -> Result<Decision> {
        let decision = self.planner.decide(sql)?;
        if let Some(places) = &self.partner.places {
            decision.check_places(places, &self.ground.lists)?;
        }
        Ok(decision)
    }

    /// What a decided statement costs, and what of it is still to be paid.
    ///
    /// # Errors
    /// A fault when the ledger cannot be read.
    pub fn cost(&self, decision: &Decision) -> Result<Cost> {
        let mut cost = Cost { whole: Budget::ZERO, due: Budget::ZERO };
        let over = || Error::policy("P04", "the costs of this statement overflow");
        let mut seen = BTreeSet::new();
        for planned in decision.paid_questions() {
            if !seen.insert(planned.priced.plan.hash()?) {
                continue;
            }
            let own = planned.priced.plan.cost()?;
            cost.whole = cost.whole.checked_add(own).ok_or_else(over)?;
            if self.standing(planned)?.is_none() {
                cost.due = cost.due.checked_add(own).ok_or_else(over)?;
            }
        }
        Ok(cost)
    }

    /// What is left for questions of the month that pays, or of the newest.
    ///
    /// # Errors
    /// A fault when the ledger cannot be read.
    pub fn left(&self, decision: &Decision) -> Result<Budget> {
        self.run.left(decision.period().map_or_else(|| self.planner.month(), Ok)?)
    }

    /// What a decided statement would measure, and how.
    ///
    /// # Errors
    /// `P05` when a table has no mechanism.
    pub fn explain(&self, decision: &Decision) -> Result<String> {
        explain::text(&decision.questions)
    }

    /// Answers a decided statement: charges what is due, and computes the rest.
    ///
    /// # Errors
    /// `L…` when the reserve does not allow it: nothing was charged then; `Q02` when the free part fails; a fault.
    pub fn answer(&self, decision: &Decision) -> Result<Answer> {
        if decision.explain {
            return explain::answer(&decision.questions);
        }
        let asking = self.planner.asking(&decision.sql);
        let mut paid = Vec::new();
        let due = self.cost(decision)?.due;
        if let Some(period) = decision.period().filter(|_| due != Budget::ZERO) {
            self.run.affords(period, due, &self.partner)?;
        }
        let mut stopped = None;
        for planned in &decision.questions {
            let (published, charged) = self.publication(planned, &mut paid)?;
            if published.as_ref().is_some_and(|it| it.0.manifest.unanswered) {
                // The others are paid all the same: no charge tells whether this one was counted.
                stopped.get_or_insert(charged);
                continue;
            }
            let sheet = published.as_ref().map(|(it, readings)| (&it.sheet, readings));
            let schema = planned.slot.schema();
            planned.slot.fill(answer::rows(&planned.asked, sheet, &schema, &asking)?);
        }
        if let Some(charged) = stopped {
            return Err(unanswered(charged));
        }
        let (schema, rows) = self.free(decision)?;
        Ok(Answer { schema, rows, paid })
    }

    /// The answer of a question that stands, as it was asked or in another that holds it.
    fn standing<'found>(
        &self,
        planned: &'found Planned,
    ) -> Result<Option<&'found (Publication, Readings)>> {
        if let Some(found) = planned.stands.get() {
            return Ok(Some(found));
        }
        let priced = &planned.priced;
        let found = if let Some(publication) = self.run.answered(&priced.plan)? {
            Some((publication, priced.readings.clone()))
        } else {
            let answers = self.run.answers(&priced.plan.snapshot)?;
            cube::find(priced, &answers, |(path, digest)| {
                Publication::read_recorded(&Machine, path, digest)
            })?
        };
        Ok(found.map(|it| planned.stands.get_or_init(|| it)))
    }

    /// The answer of one question, new or standing, and what it was charged now; none of one that holds for nobody.
    fn publication(
        &self,
        planned: &Planned,
        paid: &mut Vec<Paid>,
    ) -> Result<(Option<(Publication, Readings)>, Budget)> {
        if planned.asked.question.nothing {
            return Ok((None, Budget::ZERO));
        }
        let plan = &planned.priced.plan;
        let (publication, readings, charged) =
            if let Some((publication, readings)) = self.standing(planned)? {
                (publication.clone(), readings.clone(), Budget::ZERO)
            } else {
                let gone = || Error::fault("F03", "a question about a month that is not held");
                let snapshot = self.ground.snapshots.get(&plan.period).ok_or_else(gone)?;
                let outcome = self.run.question(snapshot, plan.clone(), &self.partner)?;
                let charged = if outcome.existed { Budget::ZERO } else { plan.cost()? };
                (outcome.publication, planned.priced.readings.clone(), charged)
            };
        let manifest = &publication.manifest;
        if !paid.iter().any(|it: &Paid| it.id == manifest.id) {
            paid.push(Paid {
                id: manifest.id.clone(),
                charged,
                published: manifest.cells_released,
                listed: manifest.cells_in_code_list,
            });
        }
        Ok((Some((publication, readings)), charged))
    }

    /// Runs what is free.
    fn free(&self, decision: &Decision) -> Result<(SchemaRef, Vec<RecordBatch>)> {
        let tables = self.planner.tables();
        let wrong = |cause: DataFusionError| match cause.find_root() {
            DataFusionError::ResourcesExhausted(_) => Error::fault(
                "F15",
                "what is computed from the answers does not fit the memory for it",
            )
            .remedy("ask for fewer rows, or aggregate them"),
            _ => unknown::not_understood(&cause, &decision.sql, &tables),
        };
        let free = functions::filled(decision.free.clone(), self)?;
        let state = &self.planner.state;
        let run = async {
            let physical = state.create_physical_plan(&free).await?;
            let schema = physical.schema();
            Ok((schema, physical_plan::collect(physical, state.task_ctx()).await?))
        };
        let late = || {
            Error::fault("F15", "what is computed from the answers takes over a minute")
                .remedy("ask for fewer rows, or aggregate them")
        };
        let in_time = async { tokio::time::timeout(FREE_TIME, run).await };
        self.planner.runtime.block_on(in_time).map_err(|_| late())?.map_err(wrong)
    }
}

/// What is said of a question whose count stopped, whatever stopped it.
fn unanswered(charged: Budget) -> Error {
    let charged = match charged {
        Budget::ZERO => "nothing was charged",
        _ => "it was charged once and is free from now on",
    };
    Error::fault("F16", "the question could not be counted; the operator has been told").remedy(
        format!(
            "{charged}; it stays unanswered until the month is loaded anew; ask for fewer columns"
        ),
    )
}

impl Told for Desk<'_> {
    fn cost(&self, sql: &str) -> Result<String> {
        let decision = self.decide(sql)?;
        let due = Self::cost(self, &decision)?.due;
        Ok(match due {
            Budget::ZERO => "nothing is charged".to_owned(),
            due => format!("rho {}, delta {}", due.rho, due.delta),
        })
    }

    fn budget(&self) -> Result<f64> {
        let left = self.run.left(self.planner.month()?)?;
        left.rho.to_string().parse().map_err(|_| Error::fault("F03", "a budget that is no number"))
    }
}
