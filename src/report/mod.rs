//! TODO-skeleton: report.
