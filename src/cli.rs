//! The command line.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use nnbcd::run::Share;

/// Train compressed neural networks without gradients (NN-BCD): expand a grid of settings, run all
/// trials that have no result yet on all cores, show progress live, and write CSV files and tables.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true
)]
pub struct Arguments {
    /// Command; default: run the grid.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Run this grid file.
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
    /// Print progress lines instead of showing the dashboard.
    #[arg(long)]
    pub no_tui: bool,
    /// Rerun failed trials.
    #[arg(long)]
    pub retry_failed: bool,
    /// Start from scratch; an existing run directory of this name is moved aside, never deleted.
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
    /// Number of trials at once [default: from cores and memory].
    #[arg(long, value_name = "N", value_parser = positive)]
    pub jobs: Option<usize>,
    /// Total number of threads for all trials [default: all cores].
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
        _ => Err("must be a whole number of at least 1".into()),
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
    /// Trial ids, or unique prefixes of them.
    #[arg(required = true)]
    pub trials: Vec<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what would run: trials, duplicates, memory and time estimates. Starts nothing.
    Plan {
        /// Grid file (YAML).
        grid: PathBuf,
        #[command(flatten)]
        limits: Limits,
    },
    /// Write a starter grid file for a data file or directory, or for the built-in digits.
    Init {
        /// Data: a table, arrays, or a directory of a known layout [default: the built-in digits].
        data: Option<PathBuf>,
        /// Grid file to write [default: NAME.yaml in this directory].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Overwrite the grid file if it exists.
        #[arg(long)]
        force: bool,
    },
    /// Open the dashboard on a run that is live (here or on another machine) or finished.
    Watch {
        #[command(flatten)]
        run: RunPath,
        #[command(flatten)]
        look: Look,
    },
    /// Stop the run after the current iterations; trials write checkpoints.
    Stop(RunPath),
    /// Pause all trials after their current iteration.
    Pause(RunPath),
    /// Resume paused trials.
    Resume(RunPath),
    /// Stop individual trials; they keep their checkpoints.
    Cancel(TrialPaths),
    /// Rerun failed or stopped trials.
    Retry(TrialPaths),
    /// Set how many trials run at once.
    Jobs {
        /// Run directory, such as results/grid.
        run: PathBuf,
        /// Trials at once.
        #[arg(value_parser = positive)]
        jobs: usize,
    },
    /// Make tables for a paper: mean ± std over seeds.
    Table(TableArguments),
    /// Make figures for a paper, as SVG and PNG.
    Plot(PlotArguments),
    /// Rerun one trial from its config.yaml and report numbers that differ.
    Reproduce {
        /// Run directory, such as results/grid.
        run: PathBuf,
        /// Id of the trial; the first characters are enough.
        trial: String,
        /// Threads [default: all cores].
        #[arg(long, value_name = "N", value_parser = positive)]
        threads: Option<usize>,
    },
    /// Evaluate a trained model (model.safetensors) on each part of the data.
    Eval {
        /// The model file.
        model: PathBuf,
        /// A grid file or config.yaml whose `data` are used, or a data file, all of whose samples are.
        data: PathBuf,
        /// Write a CSV file with the label, the prediction and the outputs of every sample.
        #[arg(long, value_name = "FILE")]
        predictions: Option<PathBuf>,
    },
    /// Export a trained model to ONNX or NumPy.
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
    /// Submit the missing trials as a Slurm job array, or prepare them for workers.
    Submit(SubmitArguments),
    /// Run a share of the trials alongside other workers.
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
    /// Settings in the columns.
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
    /// Table of convergence: iterations to given accuracies, final objective, descent violations, fitted rate.
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
    /// Settings that distinguish the curves [default: all swept settings].
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
    /// Trials per task, run one after another [default: 1, or what the array size limit requires].
    #[arg(long, value_name = "K", value_parser = positive)]
    pub trials_per_task: Option<usize>,
    /// Maximum number of parallel tasks [default: as many as Slurm allows].
    #[arg(long, value_name = "P", value_parser = positive)]
    pub max_parallel: Option<usize>,
    /// Print the script; write and submit nothing.
    #[arg(long, requires = "slurm")]
    pub dry_run: bool,
    /// Submit even if an earlier array is still running or Slurm cannot be reached.
    #[arg(long)]
    pub force: bool,
    /// Rerun failed trials.
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
    /// Share of the trials, from 1/N to N/N.
    #[arg(long, value_name = "i/N", default_value = "1/1")]
    pub shard: Share,
    /// Directory with the plan that submit froze [default: the run directory].
    #[arg(long, value_name = "DIR")]
    pub plan: Option<PathBuf>,
    /// Threads of a trial [default: all cores].
    #[arg(long, value_name = "N", value_parser = positive)]
    pub threads: Option<usize>,
    /// Rerun failed trials.
    #[arg(long)]
    pub retry_failed: bool,
}
