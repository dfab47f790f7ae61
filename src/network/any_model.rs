//! What can be asked of a model whatever its precision: callers need no code of their own for each.

use std::io::Cursor;

use ndarray::Array2;

use super::{
    Accuracy, AnyModel, ExportError, Model, ModelDescription, Standardization, to_numpy, to_onnx,
};
use crate::linalg::Real;

/// Calls a generic function with the model in its precision.
macro_rules! in_its_precision {
    ($model:expr, $name:ident => $value:expr) => {
        match $model {
            AnyModel::Single($name) => $value,
            AnyModel::Double($name) => $value,
        }
    };
}

impl AnyModel {
    /// Features that the network takes.
    pub fn inputs(&self) -> usize {
        in_its_precision!(self, model => model.architecture.inputs)
    }

    /// Classes and preprocessing.
    pub fn description(&self) -> &ModelDescription {
        in_its_precision!(self, model => &model.description)
    }

    /// The same network with another description.
    #[must_use]
    pub fn described(mut self, description: ModelDescription) -> Self {
        in_its_precision!(&mut self, model => model.description = description);
        self
    }

    /// Accuracy of the deployed network on `inputs` `[features, samples]`, which are standardised here if the
    /// model wants it.
    pub fn accuracy(&self, inputs: Array2<f64>, labels: &[usize]) -> Accuracy {
        in_its_precision!(self, model => {
            model.deployed().accuracy(prepared(model, inputs).view(), labels)
        })
    }

    /// Outputs of the deployed network for the same `inputs`, samples x classes: the largest one names the class.
    pub fn outputs(&self, inputs: Array2<f64>) -> Array2<f64> {
        in_its_precision!(self, model => {
            model.deployed().outputs(prepared(model, inputs).view()).mapv(Real::widen)
        })
    }

    /// Whether samples have to be given to it in double precision: single would round some feature too much.
    pub fn wants_double_inputs(&self) -> bool {
        let standardization = self.description().standardization.as_ref();
        standardization.is_some_and(Standardization::needs_double)
    }

    /// The model as an ONNX file.
    ///
    /// # Errors
    /// A model that the format cannot hold.
    pub fn to_onnx(&self) -> Result<Vec<u8>, ExportError> {
        in_its_precision!(self, model => to_onnx(model))
    }

    /// The model as an archive of `NumPy` arrays.
    ///
    /// # Errors
    /// A model that the format cannot hold.
    pub fn to_numpy(&self) -> Result<Vec<u8>, ExportError> {
        let mut archive = Cursor::new(Vec::new());
        in_its_precision!(self, model => to_numpy(model, &mut archive))?;
        Ok(archive.into_inner())
    }
}

/// Inputs as the network itself takes them.
fn prepared<T: Real>(model: &Model<T>, mut inputs: Array2<f64>) -> Array2<T> {
    if let Some(standardization) = &model.description.standardization {
        standardization.apply(&mut inputs);
    }
    inputs.mapv(T::from_f64)
}
