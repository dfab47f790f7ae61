//! The dashboard: states fed with the updates of a run, and the screens that come of them.

mod data;
mod demo;
mod fixture;
mod held_out;
mod keys;
mod notices;
mod screens;
mod settings;
mod workers;
