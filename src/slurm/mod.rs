//! TODO-skeleton: slurm.
