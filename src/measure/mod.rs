//! What the rooms that store and show results have in common: the quantities that a run measures, and how their values
//! are summed up, compared and put into words.

mod front;
mod labels;
mod notice;
mod quantity;
mod slope;
mod summary;
mod text;
mod ticks;
mod units;

pub use front::on_front;
pub use labels::{follows, legend, short_names, telling};
pub use notice::Notice;
pub use quantity::{Better, DefinedBy, NumberStyle, Place, Quantity};
pub use slope::{PowerLaw, running_minimum};
pub use summary::Summary;
pub use text::{cut, cut_middle, is_plain_word, shell_word, steers, visible, visible_lines, width};
pub use ticks::{Axis, FINEST, Scale};
pub use units::{bytes, duration, without_digits};
