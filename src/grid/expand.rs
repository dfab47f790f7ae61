//! Every combination of the axes, as trees of settings.

use std::rc::Rc;

use super::axis::{Axis, DottedPath, set};
use super::document::Dimension;
use super::error::Fault;
use super::schema::{decided_map, takes};
use super::tree::{Entry, Node};

/// The combinations of the dimensions; the first dimension moves slowest.
pub(super) struct Expansion<'grid> {
    settings: &'grid Rc<Node>,
    dimensions: &'grid [Dimension],
    assignments: Vec<Assignment<'grid>>,
    /// The next combination: one position per dimension. None: no more.
    next: Option<Vec<usize>>,
}

/// An axis in the order in which values are set: whole maps before what is inside them, and the key that decides what its
/// map takes before the others.
struct Assignment<'grid> {
    axis: &'grid Axis,
    dimension: usize,
    /// Another axis sweeps the map that holds this setting, so that some of its maps may not take it.
    conditional: bool,
    /// The axis sweeps the deciding key of this map; what stood in the map for other methods is dropped.
    decides: Option<DottedPath>,
    used: bool,
}

impl<'grid> Expansion<'grid> {
    pub(super) fn new(settings: &'grid Rc<Node>, dimensions: &'grid [Dimension]) -> Self {
        let axes = || dimensions.iter().flat_map(|dimension| &dimension.axes);
        let swept_maps: Vec<&[Rc<str>]> = axes()
            .filter_map(|axis| decided_map(&axis.path.keys))
            .collect();
        let mut assignments: Vec<Assignment<'grid>> = Vec::new();
        for (index, dimension) in dimensions.iter().enumerate() {
            for axis in &dimension.axes {
                let keys = &axis.path.keys;
                let decided = decided_map(keys).filter(|map| map.len() < keys.len());
                assignments.push(Assignment {
                    axis,
                    dimension: index,
                    conditional: decided.is_none()
                        && (swept_maps.iter())
                            .any(|map| map.len() < keys.len() && keys.starts_with(map)),
                    decides: decided.map(|map| DottedPath {
                        text: map.join(".").into(),
                        keys: map.to_vec(),
                        span: axis.path.span,
                    }),
                    used: false,
                });
            }
        }
        assignments.sort_by_key(|assignment| {
            (
                assignment.axis.path.keys.len(),
                assignment.decides.is_none(),
            )
        });
        Self {
            settings,
            dimensions,
            assignments,
            next: Some(vec![0; dimensions.len()]),
        }
    }

    /// The settings of the next combination.
    pub(super) fn advance(&mut self) -> Result<Option<Rc<Node>>, Fault> {
        let Some(mut positions) = self.next.take() else {
            return Ok(None);
        };
        let mut settings = Rc::clone(self.settings);
        for assignment in &mut self.assignments {
            let axis = assignment.axis;
            if assignment.conditional && !takes(&settings, &axis.path.keys) {
                continue;
            }
            assignment.used = true;
            let value = &axis.values[positions[assignment.dimension]];
            settings = set(&settings, &axis.path, value)?;
            if let Some(map) = &assignment.decides {
                settings = keep_what_is_taken(&settings, map)?;
            }
        }
        for (position, dimension) in positions.iter_mut().zip(self.dimensions).rev() {
            *position += 1;
            if *position < dimension.len() {
                self.next = Some(positions);
                break;
            }
            *position = 0;
        }
        Ok(Some(settings))
    }

    /// Refuses an axis that no combination could take.
    pub(super) fn refuse_unused(&self) -> Result<(), Fault> {
        match self.assignments.iter().find(|assignment| !assignment.used) {
            None => Ok(()),
            Some(assignment) => {
                let path = &assignment.axis.path;
                Err(
                    Fault::new(&*path.text, "no trial of this grid can use this setting")
                        .at(path.span)
                        .help("remove the axis, or add a method or source that takes it"),
                )
            }
        }
    }
}

/// Drops from a map what it cannot take now that its deciding key has been set.
fn keep_what_is_taken(settings: &Rc<Node>, map: &DottedPath) -> Result<Rc<Node>, Fault> {
    let Some(node) = settings.at(&map.keys) else {
        return Ok(Rc::clone(settings));
    };
    let is_taken = |entry: &&Entry| {
        let mut keys = map.keys.clone();
        keys.push(Rc::clone(&entry.key));
        takes(settings, &keys)
    };
    let kept = node
        .as_map()
        .unwrap_or_default()
        .iter()
        .filter(is_taken)
        .cloned()
        .collect();
    set(settings, map, &Node::map(node.span, kept))
}
