//! TODO-skeleton: dashboard.
