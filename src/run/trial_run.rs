//! One trial from start (or checkpoint) to result.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::control::{Order, TrialControl};
use super::method;
use super::notice::{self, Finding};
use super::prepare::PreparedTrial;
use super::record;
use super::trial_error::TrialError;
use super::trial_files::TrialFiles;
use super::trial_log::TrialLog;
use crate::compress::Projected;
use crate::data::sha256;
use crate::linalg::Real;
use crate::network::{LayerWeights, effective_sparsity};
use crate::store::{
    Hold, IterationRecord, TrialDirectory, TrialResult, TrialStatus, checkpoint, publish,
};
use crate::training::{Precision, Training, TrainingData};

/// How a trial ended, other than with an error.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It has a result.
    Done(Box<TrialResult>),
    /// It was stopped or cancelled and goes on from its checkpoint some other time.
    Stopped(Box<TrialResult>),
}

/// What a trial needs besides its settings.
pub struct TrialContext<'a> {
    /// Where everything is written.
    pub directory: TrialDirectory,
    /// Whether that is still the directory that it was.
    pub hold: &'a Hold,
    /// Time between checkpoints.
    pub checkpoint_every: Duration,
    /// Orders from outside, taken between iterations.
    pub control: &'a TrialControl,
    /// Called once, with the iteration from which the trial goes on.
    pub started: &'a (dyn Fn(u64) + Sync),
}

/// Runs a trial; a panic is an error like any other.
pub(super) fn run_guarded(
    trial: &PreparedTrial,
    context: &TrialContext<'_>,
) -> Result<Outcome, TrialError> {
    catch_unwind(AssertUnwindSafe(|| run_trial(trial, context))).unwrap_or_else(|panic| {
        let text = (panic.downcast_ref::<&str>().copied())
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("without a message");
        Err(TrialError::Panicked(text.to_owned()))
    })
}

/// Runs a trial in the precision of its settings.
///
/// # Errors
/// [`TrialError`]; what was written before stays whole.
pub fn run_trial(trial: &PreparedTrial, context: &TrialContext<'_>) -> Result<Outcome, TrialError> {
    let expected = "the data were loaded in the precision of every trial";
    match trial.trial.settings.solver.precision() {
        Precision::Single => Run::new(trial, context, trial.data.single().expect(expected))?.run(),
        Precision::Double => Run::new(trial, context, trial.data.double().expect(expected))?.run(),
    }
}

/// A method at work, and the files that its rows go to.
type Started<T> = (Box<dyn Training<T>>, TrialFiles);

/// Weights, and their compressed forms.
type Network<T> = (Vec<LayerWeights<T>>, Vec<Option<Projected<T>>>);

/// A trial under way.
struct Run<'a, T> {
    trial: &'a PreparedTrial,
    context: &'a TrialContext<'a>,
    data: Arc<TrainingData<T>>,
    log: TrialLog,
    /// Seconds of computing before this start, and since.
    seconds: f64,
    best_test_accuracy: Option<f64>,
    /// Best accuracy of a row that is not yet that of the compressed network.
    best_before: Option<f64>,
    /// Steps back that the log tells of.
    steps_back: usize,
    last: Option<IterationRecord>,
    /// The network of the last row: what is left when the next iteration breaks down in the middle.
    whole: Option<Network<T>>,
}

impl<'a, T: Real> Run<'a, T> {
    fn new(
        trial: &'a PreparedTrial,
        context: &'a TrialContext<'a>,
        data: Arc<TrainingData<T>>,
    ) -> Result<Self, TrialError> {
        Ok(Self {
            trial,
            context,
            data,
            log: TrialLog::open(&context.directory.log())?,
            seconds: 0.0,
            best_test_accuracy: None,
            best_before: None,
            steps_back: 0,
            last: None,
            whole: None,
        })
    }

    fn run(mut self) -> Result<Outcome, TrialError> {
        let result = self.run_to_the_end();
        if let Err(error) = &result {
            self.log.line(&format!("failed: {error}"));
        }
        result
    }

    fn run_to_the_end(&mut self) -> Result<Outcome, TrialError> {
        let mut threads = self.context.control.threads();
        let mut pool = thread_pool(threads)?;
        let mut clock = Instant::now();
        let (mut solver, mut files) = pool.install(|| self.start())?;
        self.steps_back = solver.steps_back();
        (self.context.started)(solver.iteration() as u64);
        if self.last.is_none() {
            pool.install(|| self.report(&*solver, &mut files, &mut clock))?;
        }
        let mut last_checkpoint = Instant::now();
        while solver.termination().is_none() {
            match self.context.control.order() {
                Order::Run => {}
                Order::Rest => {
                    files.flush()?;
                    self.context.control.rest();
                    continue;
                }
                Order::Stop => {
                    self.write_checkpoint(&*solver, &mut files)?;
                    let done = solver.iteration();
                    self.log.line(&format!(
                        "stopped after iteration {done}; checkpoint written"
                    ));
                    let result = self.result(&*solver, TrialStatus::Stopped, "stopped".into(), &[]);
                    return Ok(Outcome::Stopped(Box::new(result)));
                }
            }
            if self.context.control.threads() != threads {
                threads = self.context.control.threads();
                pool = thread_pool(threads)?;
            }
            clock = Instant::now();
            let done = pool.install(|| {
                solver.iterate()?;
                self.report(&*solver, &mut files, &mut clock)
            });
            if let Err(TrialError::Method(_)) = &done {
                files.sync()?;
                self.publish_whole()?;
            }
            done?;
            if last_checkpoint.elapsed() >= self.context.checkpoint_every
                && solver.termination().is_none()
            {
                self.write_checkpoint(&*solver, &mut files)?;
                last_checkpoint = Instant::now();
            }
        }
        pool.install(|| self.finish(&*solver, &mut files))
    }

    /// The solver with its files: from the newest checkpoint that fits, or from the beginning.
    fn start(&mut self) -> Result<Started<T>, TrialError> {
        let directory = &self.context.directory;
        if let Some((iteration, bytes)) = checkpoint::read_newest(directory)? {
            match self.resume(iteration, &bytes) {
                Ok(Some(started)) => return Ok(started),
                Ok(None) => self.log.line("restarting from the beginning"),
                // What could not be read now is read at the next start.
                Err(error) if error.is_of_the_machine() => return Err(error),
                Err(error) => self
                    .log
                    .line(&format!("{error}: restarting from the beginning")),
            }
        }
        self.context.hold.check()?;
        checkpoint::remove(directory)?;
        let files = TrialFiles::create(directory)?;
        self.log.line(&format!("started; {}", self.describe()));
        self.log.warn(&notice::of_data(&self.trial.data));
        let solver = method::begin(self.trial, &self.data)?;
        Ok((solver, files))
    }

    fn resume(&mut self, iteration: u64, bytes: &[u8]) -> Result<Option<Started<T>>, TrialError> {
        let solver = method::resume(self.trial, &self.data, bytes)?;
        let directory = &self.context.directory;
        let known = match directory.read_iterations() {
            Err(error) if error.is_damage() => Vec::new(),
            known => known?,
        };
        let known: Vec<_> = known
            .into_iter()
            .filter(|row| row.iteration <= iteration)
            .collect();
        let complete = known.len() as u64 == iteration + 1
            && known.last().is_some_and(|row| row.iteration == iteration);
        if !complete {
            self.log.line("rows before the checkpoint are missing");
            return Ok(None);
        }
        let files = match TrialFiles::resume_at(directory, iteration) {
            Ok(files) => files,
            Err(error) if error.is_damage() => {
                self.log.line(&error.to_string());
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        for row in &known {
            self.remember(row);
        }
        self.seconds = known.last().map_or(0.0, |row| row.seconds);
        self.log.line(&format!(
            "resuming from the checkpoint after iteration {iteration}"
        ));
        Ok(Some((solver, files)))
    }

    fn describe(&self) -> String {
        let widths: Vec<String> = std::iter::once(self.trial.architecture.inputs)
            .chain(
                self.trial
                    .architecture
                    .layers
                    .iter()
                    .map(|layer| layer.units),
            )
            .map(|width| width.to_string())
            .collect();
        format!("network {}, {}", widths.join("-"), self.trial.data.samples)
    }

    fn remember(&mut self, row: &IterationRecord) {
        let settings = &self.trial.trial.settings.solver;
        let accuracies = [
            self.best_test_accuracy,
            record::deployed_accuracy(settings, row),
        ];
        self.best_test_accuracy = accuracies.into_iter().flatten().reduce(f64::max);
        if record::deployed_accuracy(settings, row).is_none() {
            let accuracies = [
                self.best_before,
                notice::judged(row, self.trial.data.samples),
            ];
            self.best_before = accuracies.into_iter().flatten().reduce(f64::max);
        }
        self.last = Some(row.clone());
    }

    /// Measures and hands on the rows of the present iteration; the clock covers all of it.
    fn report(
        &mut self,
        solver: &dyn Training<T>,
        files: &mut TrialFiles,
        clock: &mut Instant,
    ) -> Result<(), TrialError> {
        let every = self.trial.trial.settings.solver.eval_every();
        let evaluated = solver.iteration().is_multiple_of(every) || solver.termination().is_some();
        let accuracy = evaluated.then(|| record::accuracies(solver, &self.data));
        let row = record::iteration(solver, accuracy, || {
            self.seconds += clock.elapsed().as_secs_f64();
            *clock = Instant::now();
            self.seconds
        });
        let risen = self
            .last
            .as_ref()
            .is_some_and(|last| row.descent_violations > last.descent_violations);
        if risen {
            self.log.line(&format!(
                "the objective rose in iteration {}",
                row.iteration
            ));
        }
        if solver.steps_back() > self.steps_back {
            self.steps_back = solver.steps_back();
            self.log.warn(&notice::of_steps_back(self.steps_back));
        }
        self.remember(&row);
        let layers = if evaluated {
            record::layers(solver)
        } else {
            Vec::new()
        };
        self.whole = Some((solver.weights().to_vec(), solver.compressed().to_vec()));
        files.append(row, layers)?;
        Ok(())
    }

    /// Leaves the network of the last row as the model of a trial that has broken down.
    fn publish_whole(&mut self) -> Result<(), TrialError> {
        let (Some((weights, compressed)), Some(last)) = (&self.whole, &self.last) else {
            return Ok(());
        };
        let model = record::model_file(self.trial, weights, compressed)?;
        self.context.hold.check()?;
        publish(&self.context.directory.model(), &model)?;
        let iteration = last.iteration;
        self.log.line(&format!(
            "the network after iteration {iteration} is kept as the model"
        ));
        Ok(())
    }

    fn write_checkpoint(
        &mut self,
        solver: &dyn Training<T>,
        files: &mut TrialFiles,
    ) -> Result<(), TrialError> {
        files.sync()?;
        self.context.hold.check()?;
        let iteration = solver.iteration() as u64;
        let state = solver.checkpoint();
        checkpoint::write(&self.context.directory, iteration, &state.pieces())?;
        Ok(())
    }

    fn finish(
        &mut self,
        solver: &dyn Training<T>,
        files: &mut TrialFiles,
    ) -> Result<Outcome, TrialError> {
        files.sync()?;
        let model = record::model_file(self.trial, solver.weights(), solver.compressed())?;
        self.context.hold.check()?;
        publish(&self.context.directory.model(), &model)?;
        let reason = solver.termination().unwrap_or_default();
        let findings = notice::of_network(solver, &self.data, self.best_before);
        self.log.warn(&findings);
        let result = TrialResult {
            model_sha256: Some(sha256(&model)),
            ..self.result(solver, TrialStatus::Done, reason, &findings)
        };
        self.log.line(&format!("done: {}", result.termination));
        Ok(Outcome::Done(Box::new(result)))
    }

    fn result(
        &self,
        solver: &dyn Training<T>,
        status: TrialStatus,
        termination: String,
        of_network: &[Finding],
    ) -> TrialResult {
        let size = record::size(solver);
        TrialResult {
            trial: self.trial.trial.id.clone(),
            status,
            seed: self.trial.trial.settings.seed,
            last: self.last.clone(),
            best_test_accuracy: self.best_test_accuracy,
            effective_sparsity: Some(effective_sparsity(
                &self.trial.architecture,
                solver.weights(),
                solver.compressed(),
            )),
            params_dense: size.params_dense as u64,
            params_compressed: size.params_compressed as u64,
            bytes_dense: size.bytes_dense,
            bytes_compressed: size.bytes_compressed,
            seconds: self.seconds,
            termination,
            notices: notice::codes(&self.trial.data, solver.steps_back(), of_network),
            ..TrialResult::default()
        }
    }
}

fn thread_pool(threads: usize) -> Result<rayon::ThreadPool, rayon::ThreadPoolBuildError> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build()
}
