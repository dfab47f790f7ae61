//! The command line.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use nnbcd::run::Share;

/// Trains compressed neural networks without gradients (NN-BCD): expands a grid of settings, runs
/// every trial that has no result yet on all cores, shows it live and leaves CSV files and tables.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true
)]
pub struct Arguments {
    /// What to do; without a command: run the grid.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The main job: run this grid file.
    #[command(flatten)]
    pub run: RunArguments,
}

/// Arguments of the main job.
#[derive(Args, Clone, Debug)]
pub struct RunArguments {
    /// Grid file (YAML).
    pub grid: Option<PathBuf>,
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub limits: Limits,
    /// No dashboard: progress lines.
    #[arg(long)]
    pub no_tui: bool,
    /// Run failed trials again.
    #[arg(long)]
    pub retry_failed: bool,
    /// Start anew: an earlier run directory of this name is moved aside, never deleted.
    #[arg(long)]
    pub fresh: bool,
    #[command(flatten)]
    pub look: Look,
}

/// Where run directories are.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// Directory that holds the run directories.
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
}

/// What a run may use.
#[derive(Args, Clone, Debug)]
pub struct Limits {
    /// Trials at once [default: from cores and memory].
    #[arg(long, value_name = "N", value_parser = positive)]
    pub jobs: Option<usize>,
    /// Threads of all trials together [default: all cores].
    #[arg(long, value_name = "N", value_parser = positive)]
    pub threads: Option<usize>,
}

/// How the dashboard looks.
#[derive(Args, Clone, Copy, Debug)]
pub struct Look {
    /// Draw with ASCII characters only.
    #[arg(long)]
    pub ascii: bool,
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("a whole number of at least 1 is needed".into()),
    }
}

/// A run directory.
#[derive(Args, Clone, Debug)]
pub struct RunPath {
    /// Run directory, such as results/grid.
    pub run: PathBuf,
}

/// A run directory and some of its trials.
#[derive(Args, Clone, Debug)]
pub struct TrialPaths {
    /// Run directory, such as results/grid.
    pub run: PathBuf,
    /// Ids of trials; the first characters are enough where they name one trial only.
    #[arg(required = true)]
    pub trials: Vec<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say what would run: trials, duplicates, memory and time estimates. Starts nothing.
    Plan {
        /// Grid file (YAML).
        grid: PathBuf,
        #[command(flatten)]
        limits: Limits,
    },
    /// Show a run that another process (or machine) writes, or that has ended.
    Watch {
        #[command(flatten)]
        run: RunPath,
        #[command(flatten)]
        look: Look,
    },
    /// Ask the running trials to stop after their current iteration, keeping checkpoints.
    Stop(RunPath),
    /// Hold all trials after their current iteration.
    Pause(RunPath),
    /// Let held trials go on.
    Resume(RunPath),
    /// Stop some trials; they keep their checkpoints.
    Cancel(TrialPaths),
    /// Run failed or stopped trials again.
    Retry(TrialPaths),
    /// Change how many trials run at once.
    Jobs {
        /// Run directory, such as results/grid.
        run: PathBuf,
        /// Trials at once.
        #[arg(value_parser = positive)]
        jobs: usize,
    },
    /// Paper-style tables: mean ± std over seeds.
    Table(TableArguments),
    /// Figures for the paper, SVG and PNG.
    Plot(PlotArguments),
    /// Run one trial again from its config.yaml and say which numbers differ.
    Reproduce {
        /// Run directory, such as results/grid.
        run: PathBuf,
        /// Id of the trial; the first characters are enough.
        trial: String,
        /// Threads [default: all cores].
        #[arg(long, value_name = "N", value_parser = positive)]
        threads: Option<usize>,
    },
    /// Accuracy of a trained model on each part of the data (model.safetensors).
    Eval {
        /// The model file.
        model: PathBuf,
        /// A grid file or config.yaml whose `data` are used.
        data: PathBuf,
    },
    /// Write a trained model for other programs.
    #[command(group(ArgGroup::new("format").args(["onnx", "numpy"]).required(true).multiple(true)))]
    Export {
        /// The model file (model.safetensors).
        model: PathBuf,
        /// Write an ONNX graph.
        #[arg(long, value_name = "FILE")]
        onnx: Option<PathBuf>,
        /// Write the tensors as a NumPy archive (.npz).
        #[arg(long, value_name = "FILE")]
        numpy: Option<PathBuf>,
    },
    /// Submit the missing trials as a Slurm job array, or ready them for workers.
    Submit(SubmitArguments),
    /// Run a share of the trials beside other workers.
    Worker(WorkerArguments),
    /// The runner without a viewer; the main job starts it.
    #[command(hide = true)]
    Runner(RunArguments),
}

/// Arguments of `table`.
#[derive(Args, Clone, Debug)]
pub struct TableArguments {
    #[command(flatten)]
    pub run: RunPath,
    /// Settings in the rows [default: all swept settings].
    #[arg(long, value_delimiter = ',')]
    pub rows: Vec<String>,
    /// Settings across.
    #[arg(long, value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Columns of trials.csv to show; with --convergence, those of that table.
    #[arg(long, value_delimiter = ',')]
    pub metric: Vec<String>,
    /// Formats to write.
    #[arg(long, value_delimiter = ',', default_value = "markdown")]
    pub format: Vec<Format>,
    /// Directory to write to, or - for standard output.
    #[arg(long, value_name = "DIR", default_value = "-")]
    pub out: String,
    /// Iterations to given accuracies, final objective, violations of the descent, fitted rate.
    #[arg(long)]
    pub convergence: bool,
}

/// Format of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Markdown.
    Markdown,
    /// LaTeX with booktabs.
    Latex,
    /// Comma-separated values.
    Csv,
}

/// Arguments of `plot`.
#[derive(Args, Clone, Debug)]
pub struct PlotArguments {
    #[command(flatten)]
    pub run: RunPath,
    /// Figures to draw: convergence, residuals, accuracy, steps, pareto, margins, heat-map
    /// [default: all].
    #[arg(long, value_delimiter = ',')]
    pub kind: Vec<String>,
    /// Settings that tell the curves apart [default: all swept settings].
    #[arg(long, value_delimiter = ',')]
    pub rows: Vec<String>,
    /// Metric of Pareto, margins and heat map [default: test accuracy].
    #[arg(long)]
    pub metric: Option<String>,
    /// Swept parameters of margins and heat map.
    #[arg(long, value_delimiter = ',')]
    pub parameters: Vec<String>,
}

/// Arguments of `submit`.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
#[derive(Args, Clone, Debug)]
pub struct SubmitArguments {
    /// Grid file (YAML).
    pub grid: PathBuf,
    #[command(flatten)]
    pub place: Place,
    /// Submit a Slurm job array [default: only prepare the run directory for workers].
    #[arg(long)]
    pub slurm: bool,
    /// Trials that a task runs one after another [default: 1, or what the size of an array allows].
    #[arg(long, value_name = "K", value_parser = positive)]
    pub trials_per_task: Option<usize>,
    /// Tasks at once [default: as many as Slurm allows].
    #[arg(long, value_name = "P", value_parser = positive)]
    pub max_parallel: Option<usize>,
    /// Print the script; write and submit nothing.
    #[arg(long, requires = "slurm")]
    pub dry_run: bool,
    /// Submit although an earlier array still runs, or Slurm cannot be asked whether it does.
    #[arg(long)]
    pub force: bool,
    /// Run failed trials again.
    #[arg(long)]
    pub retry_failed: bool,
    /// Options for sbatch, such as --partition=long --time=4:00:00 --cpus-per-task=4.
    #[arg(last = true, value_name = "SBATCH OPTION", requires = "slurm")]
    pub options: Vec<String>,
}

/// Arguments of `worker`.
#[derive(Args, Clone, Debug)]
pub struct WorkerArguments {
    #[command(flatten)]
    pub run: RunPath,
    /// Which share of the trials, from 1/N to N/N.
    #[arg(long, value_name = "i/N", default_value = "1/1")]
    pub shard: Share,
    /// Directory with the plan, frozen by submit [default: the run directory].
    #[arg(long, value_name = "DIR")]
    pub plan: Option<PathBuf>,
    /// Threads of a trial [default: all cores].
    #[arg(long, value_name = "N", value_parser = positive)]
    pub threads: Option<usize>,
    /// Run failed trials again.
    #[arg(long)]
    pub retry_failed: bool,
}
