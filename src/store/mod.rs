//! The run directory: the only thing that the producing side and the showing side share.

pub mod records;

pub use records::{
    IterationRecord, LayerRecord, RunnerState, RunnerStatus, TrialEvent, TrialEventKind,
    TrialResult, TrialStatus,
};
