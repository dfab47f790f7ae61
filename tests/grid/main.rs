//! What a grid file says: its plan, its messages, and the data that it asks for.

mod data_sources;
mod messages;
mod methods;
mod plans;
mod robustness;
