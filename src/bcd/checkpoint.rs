//! The whole state of a solver as bytes: a run goes on from there to the last digit as if it had
//! never stopped.
//!
//! Layout: 8 bytes with the length of a JSON header, the header, and then the arrays that it lists,
//! one after another in their order, as numbers of the solver's precision, little endian.

use ndarray::{Array1, Array2};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::objective::{LayerSums, Sums};
use super::solver::{Problem, Solver};
use super::state::State;
use crate::compress::{LayerCompression, LowRank, Projected, Stored, TensorTrain};
use crate::linalg::{Real, entries};
use crate::network::{Architecture, LayerWeights};

#[cfg(target_endian = "big")]
compile_error!("checkpoints are written as the memory lies: little endian");

/// A checkpoint cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the checkpoint does not fit this trial: {0}")]
pub struct CheckpointError(pub(crate) String);

#[derive(Serialize, Deserialize)]
struct Header {
    bytes_per_number: usize,
    iteration: usize,
    descent_violations: usize,
    step: f64,
    #[serde(default)]
    refitted_at_rest: bool,
    loss: f64,
    sums: Vec<[f64; 4]>,
    compressed: Vec<Option<Form>>,
}

/// How a compressed weight was stored; decides which arrays follow.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Form {
    TensorTrain {
        modes: Vec<usize>,
        ranks: Vec<usize>,
    },
    LowRank {
        rank: usize,
    },
    Sparse,
    NM {
        n: usize,
        m: usize,
    },
}

/// A checkpoint that still points into the solver: nothing large is copied.
#[derive(Debug)]
pub struct Checkpoint<'a> {
    header: Vec<u8>,
    arrays: Vec<&'a [u8]>,
}

impl<'a> Checkpoint<'a> {
    /// A checkpoint of a header and the arrays that it describes.
    pub(crate) fn new(header: &impl Serialize, arrays: Vec<&'a [u8]>) -> Self {
        let json = serde_json::to_vec(header).expect("a header of numbers and names is JSON");
        let mut header = (json.len() as u64).to_le_bytes().to_vec();
        header.extend_from_slice(&json);
        Self { header, arrays }
    }

    /// The bytes in pieces, to be written one after another.
    pub fn pieces(&self) -> Vec<&[u8]> {
        let mut pieces = vec![self.header.as_slice()];
        pieces.extend_from_slice(&self.arrays);
        pieces
    }
}

impl<T: Real> Solver<T> {
    /// The state after the last iteration.
    pub fn checkpoint(&self) -> Checkpoint<'_> {
        let state = &self.state;
        let header = Header {
            bytes_per_number: T::BYTES,
            iteration: self.iteration,
            descent_violations: self.descent_violations,
            step: self.step,
            refitted_at_rest: self.refitted_at_rest,
            loss: self.sums.loss,
            sums: self
                .sums
                .layers
                .iter()
                .map(|sums| sums.to_array())
                .collect(),
            compressed: state
                .compressed
                .iter()
                .map(|z| z.as_ref().map(Form::of))
                .collect(),
        };
        let mut arrays = Vec::new();
        for (index, weights) in state.weights.iter().enumerate() {
            arrays.push(as_bytes(&weights.weight));
            if let Some(bias) = &weights.bias {
                let bias = bias.as_slice().expect("a bias is contiguous");
                arrays.push(bytemuck::cast_slice(bias));
            }
            if let Some(projected) = &state.compressed[index] {
                arrays.extend(Form::arrays(projected));
            }
            arrays.push(as_bytes(&state.pre_activations[index]));
            arrays.push(as_bytes(&state.activations[index]));
            arrays.push(as_bytes(&state.linear_residuals[index]));
        }
        Checkpoint::new(&header, arrays)
    }

    /// A solver that goes on from a checkpoint of the same problem.
    ///
    /// # Errors
    /// [`CheckpointError`] when the bytes are not a checkpoint of a problem of this shape.
    pub fn resume(problem: Problem<T>, bytes: &[u8]) -> Result<Self, CheckpointError> {
        let (header, mut arrays) = read_header::<Header>(bytes)?;
        Arrays::require::<T>(header.bytes_per_number)?;
        let layers = &problem.architecture.layers;
        if header.sums.len() != layers.len() || header.compressed.len() != layers.len() {
            return Err(CheckpointError("another number of layers".into()));
        }
        let samples = problem.data.train.len();
        let mut state = State {
            weights: Vec::new(),
            compressed: Vec::new(),
            pre_activations: Vec::new(),
            activations: Vec::new(),
            linear_residuals: Vec::new(),
        };
        let begun = problem.settings.compresses_after(header.iteration);
        for (index, (layer, form)) in layers.iter().zip(&header.compressed).enumerate() {
            let compression = problem.compression[index].as_ref().filter(|_| begun);
            Form::require(form.as_ref(), compression, index)?;
            let weight = arrays.matrix(layer.weight)?;
            let bias = arrays.bias(&problem.architecture, index)?;
            state.weights.push(LayerWeights { weight, bias });
            let projected = form
                .as_ref()
                .map(|form| arrays.projected(form, layer.weight));
            state.compressed.push(projected.transpose()?);
            let shape = (layer.units, samples);
            state.pre_activations.push(arrays.matrix(shape)?);
            state.activations.push(arrays.matrix(shape)?);
            state.linear_residuals.push(arrays.matrix(shape)?);
        }
        arrays.require_end()?;
        let mut solver = Self::from_state(problem, state);
        solver.iteration = header.iteration;
        solver.descent_violations = header.descent_violations;
        solver.step = header.step;
        solver.refitted_at_rest = header.refitted_at_rest;
        solver.penalties = solver.problem.settings.penalties_at(header.iteration);
        solver.sums = Sums {
            loss: header.loss,
            layers: header.sums.into_iter().map(LayerSums::from_array).collect(),
        };
        Ok(solver)
    }
}

impl LayerSums {
    fn to_array(self) -> [f64; 4] {
        [
            self.activation_residual,
            self.linear_residual,
            self.compression_residual,
            self.weight,
        ]
    }

    fn from_array(
        [
            activation_residual,
            linear_residual,
            compression_residual,
            weight,
        ]: [f64; 4],
    ) -> Self {
        Self {
            activation_residual,
            linear_residual,
            compression_residual,
            weight,
        }
    }
}

impl Form {
    /// The arrays of a compressed weight, in the order in which [`Arrays::projected`] reads them.
    pub(crate) fn arrays<T: Real>(projected: &Projected<T>) -> Vec<&[u8]> {
        match &projected.stored {
            Stored::TensorTrain(train) => train.cores().iter().map(as_bytes).collect(),
            Stored::LowRank(factors) => vec![as_bytes(&factors.left), as_bytes(&factors.right)],
            Stored::Sparse | Stored::NM { .. } => vec![as_bytes(&projected.dense)],
        }
    }

    pub(crate) fn of<T: Real>(projected: &Projected<T>) -> Self {
        match &projected.stored {
            Stored::TensorTrain(train) => Self::TensorTrain {
                modes: train.modes().to_vec(),
                ranks: train.ranks(),
            },
            Stored::LowRank(factors) => Self::LowRank {
                rank: factors.left.ncols(),
            },
            Stored::Sparse => Self::Sparse,
            Stored::NM { n, m } => Self::NM { n: *n, m: *m },
        }
    }

    /// Refuses a layer that is stored in another form than its compression at that time has.
    pub(crate) fn require(
        form: Option<&Self>,
        compression: Option<&LayerCompression>,
        layer: usize,
    ) -> Result<(), CheckpointError> {
        let fits = match (form, compression) {
            (Some(form), Some(compression)) => form.fits(compression),
            (form, compression) => form.is_none() && compression.is_none(),
        };
        fits.then_some(())
            .ok_or_else(|| CheckpointError(format!("layer {layer} is compressed in another way")))
    }

    /// Whether a weight under this compression is stored like this.
    fn fits(&self, compression: &LayerCompression) -> bool {
        match (self, compression) {
            (
                Self::TensorTrain { modes, ranks },
                LayerCompression::TensorTrain {
                    modes: expected,
                    rank,
                },
            ) => modes == expected && *ranks == TensorTrain::<f64>::ranks_of(modes, *rank),
            (Self::LowRank { rank }, LayerCompression::LowRank { rank: largest }) => {
                (1..=*largest).contains(rank)
            }
            (Self::Sparse, LayerCompression::Prune { .. }) => true,
            (Self::NM { n, m }, LayerCompression::NM { n: kept, m: group }) => {
                (n, m) == (kept, group)
            }
            _ => false,
        }
    }
}

pub(crate) fn as_bytes<T: Real>(array: &Array2<T>) -> &[u8] {
    bytemuck::cast_slice(entries(array))
}

/// The header of a checkpoint and the arrays after it.
pub(crate) fn read_header<H: DeserializeOwned>(
    bytes: &[u8],
) -> Result<(H, Arrays<'_>), CheckpointError> {
    let cut = || CheckpointError("it is cut".into());
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(cut)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| cut())?;
    let (json, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
    let header = serde_json::from_slice(json)
        .map_err(|error| CheckpointError(format!("its header cannot be read: {error}")))?;
    Ok((header, Arrays { rest }))
}

/// The arrays that have not been taken yet.
pub(crate) struct Arrays<'a> {
    rest: &'a [u8],
}

impl Arrays<'_> {
    /// An error where numbers of another precision follow.
    pub(crate) fn require<T: Real>(bytes_per_number: usize) -> Result<(), CheckpointError> {
        if bytes_per_number == T::BYTES {
            return Ok(());
        }
        Err(CheckpointError(
            "it was written in another precision".into(),
        ))
    }

    /// An error where something follows the last array.
    pub(crate) fn require_end(&self) -> Result<(), CheckpointError> {
        match self.rest.len() {
            0 => Ok(()),
            more => Err(CheckpointError(format!("{more} bytes too many"))),
        }
    }

    pub(crate) fn numbers<T: Real>(&mut self, count: usize) -> Result<Vec<T>, CheckpointError> {
        let bytes = count
            .checked_mul(T::BYTES)
            .and_then(|length| self.rest.split_at_checked(length));
        let Some((taken, rest)) = bytes else {
            return Err(CheckpointError("it is cut".into()));
        };
        self.rest = rest;
        let mut numbers = vec![T::zero(); count];
        bytemuck::cast_slice_mut(&mut numbers).copy_from_slice(taken);
        Ok(numbers)
    }

    /// The bias of a layer, where the network has biases.
    pub(crate) fn bias<T: Real>(
        &mut self,
        architecture: &Architecture,
        layer: usize,
    ) -> Result<Option<Array1<T>>, CheckpointError> {
        let outputs = architecture.layers[layer].weight.0;
        let numbers = architecture.bias.then(|| self.numbers(outputs));
        Ok(numbers.transpose()?.map(Array1::from_vec))
    }

    pub(crate) fn matrix<T: Real>(
        &mut self,
        shape: (usize, usize),
    ) -> Result<Array2<T>, CheckpointError> {
        let numbers = self.numbers(shape.0.saturating_mul(shape.1))?;
        Ok(Array2::from_shape_vec(shape, numbers).expect("as many numbers as the shape has"))
    }

    pub(crate) fn projected<T: Real>(
        &mut self,
        form: &Form,
        shape: (usize, usize),
    ) -> Result<Projected<T>, CheckpointError> {
        Ok(match form {
            Form::Sparse => Projected {
                dense: self.matrix(shape)?,
                stored: Stored::Sparse,
            },
            Form::NM { n, m } => Projected {
                dense: self.matrix(shape)?,
                stored: Stored::NM { n: *n, m: *m },
            },
            Form::LowRank { rank } => {
                let left = self.matrix((shape.0, *rank))?;
                let right = self.matrix((*rank, shape.1))?;
                let factors = LowRank { left, right };
                Projected {
                    dense: factors.dense(),
                    stored: Stored::LowRank(factors),
                }
            }
            Form::TensorTrain { modes, ranks } => {
                let mut cores = Vec::with_capacity(modes.len());
                let mut before = 1;
                for (mode, rank) in modes.iter().zip(ranks.iter().chain([&1])) {
                    cores.push(self.matrix((before * mode, *rank))?);
                    before = *rank;
                }
                let train = TensorTrain::from_cores(shape, modes.clone(), cores)
                    .ok_or_else(|| CheckpointError("its tensor train has another shape".into()))?;
                Projected {
                    dense: train.dense(),
                    stored: Stored::TensorTrain(train),
                }
            }
        })
    }
}
