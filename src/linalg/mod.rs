//! TODO-skeleton: linalg.
