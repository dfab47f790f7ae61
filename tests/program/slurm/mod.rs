//! The sweep as a job array: against stand-ins for Slurm's commands always, and on a real Slurm where `NNBCD_SLURM=1`.

mod cluster;
mod real;
mod stand_ins;

use super::{place, results};
