//! The method of a trial with its settings: the `solver` map of a grid file.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::fields::fields_of;
use crate::bcd::SolverSettings;
use crate::check::OutOfRange;
use crate::gradient::{GradientSettings, Optimizer};
use crate::training::Precision;

/// The key that chooses the method.
const METHOD: &str = "method";

/// How a network is trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MethodName {
    /// Block coordinate descent, without gradients.
    #[default]
    NnBcd,
    /// Adam.
    Adam,
    /// Stochastic gradient descent with momentum.
    Sgd,
}

/// The method and its settings. In YAML one flat map with the optional key `method`.
#[derive(Clone, Debug, PartialEq)]
pub enum MethodSettings {
    /// Block coordinate descent, without gradients.
    NnBcd(SolverSettings),
    /// A gradient method.
    Gradient(GradientSettings),
}

impl MethodName {
    const ALL: [Self; 3] = [Self::NnBcd, Self::Adam, Self::Sgd];

    /// The keys that the method takes beside `method`.
    fn keys(self) -> impl Iterator<Item = &'static str> {
        let optimizer = self.optimizer();
        let fields = match optimizer {
            None => fields_of::<SolverSettings>(),
            Some(_) => fields_of::<GradientSettings>(),
        };
        (fields.iter().copied())
            .filter(move |key| optimizer.is_none_or(|optimizer| optimizer.takes(key)))
    }

    /// The rule of a gradient method.
    fn optimizer(self) -> Option<Optimizer> {
        match self {
            Self::NnBcd => None,
            Self::Adam => Some(Optimizer::Adam),
            Self::Sgd => Some(Optimizer::Sgd),
        }
    }

    fn read(name: &str) -> Option<Self> {
        let name: de::value::StrDeserializer<'_, de::value::Error> = name.into_deserializer();
        Self::deserialize(name).ok()
    }
}

impl MethodSettings {
    /// Whether the method of this name takes a key; an unknown name takes all. No name: the default.
    pub(super) fn takes(method: Option<&str>, key: &str) -> bool {
        let method = method.map_or(Some(MethodName::default()), MethodName::read);
        method.is_none_or(|method| key == METHOD || method.keys().any(|known| known == key))
    }

    /// Whether some method takes this key.
    pub(super) fn is_key(key: &str) -> bool {
        (MethodName::ALL.into_iter()).any(|method| method.keys().any(|known| known == key))
    }

    /// Whether every setting is in its range, for a network of so many layers.
    ///
    /// # Errors
    /// The first setting that is not.
    pub fn check(&self, layers: usize) -> Result<(), OutOfRange> {
        match self {
            Self::NnBcd(settings) => settings.check(layers),
            Self::Gradient(settings) => settings.check(layers),
        }
    }

    /// Arithmetic.
    pub fn precision(&self) -> Precision {
        match self {
            Self::NnBcd(settings) => settings.precision,
            Self::Gradient(settings) => settings.precision,
        }
    }

    /// Iterations: passes over all blocks, or epochs.
    pub fn iterations(&self) -> usize {
        match self {
            Self::NnBcd(settings) => settings.iterations,
            Self::Gradient(settings) => settings.iterations,
        }
    }

    /// Accuracy is measured every so many iterations.
    pub fn eval_every(&self) -> usize {
        match self {
            Self::NnBcd(settings) => settings.eval_every,
            Self::Gradient(settings) => settings.eval_every,
        }
    }

    /// Whether the row of an iteration is that of the compressed network, if there is a compression.
    pub fn compresses_after(&self, iteration: usize) -> bool {
        match self {
            Self::NnBcd(settings) => settings.compresses_after(iteration),
            Self::Gradient(settings) => settings.compresses_after(iteration),
        }
    }
}

impl Default for MethodSettings {
    fn default() -> Self {
        Self::NnBcd(SolverSettings::default())
    }
}

impl Serialize for MethodSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct NnBcd<'a> {
            method: MethodName,
            #[serde(flatten)]
            settings: &'a SolverSettings,
        }
        match self {
            Self::NnBcd(settings) => NnBcd {
                method: MethodName::NnBcd,
                settings,
            }
            .serialize(serializer),
            Self::Gradient(settings) => settings.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for MethodSettings {
    /// Needs `method` as the first key, if there is one: an implementation that could take it anywhere would have to
    /// hold all values back, and mistakes in them would lose their places. The reader of grid files hands over the
    /// first of the fields named here first.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const FIELDS: &[&str] = &[METHOD, "and the settings of the method"];
        deserializer.deserialize_struct("MethodSettings", FIELDS, OfMethod)
    }
}

struct OfMethod;

impl<'de> Visitor<'de> for OfMethod {
    type Value = MethodSettings;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map of settings, method first")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<MethodSettings, M::Error> {
        let mut first: Option<String> = map.next_key()?;
        let mut method = MethodName::default();
        if first.as_deref() == Some(METHOD) {
            method = map.next_value()?;
            first = map.next_key()?;
        }
        let rest = MapAccessDeserializer::new(Rest { first, map });
        let Some(optimizer) = method.optimizer() else {
            return SolverSettings::deserialize(rest).map(MethodSettings::NnBcd);
        };
        let given = GradientSettings::deserialize(rest)?;
        Ok(MethodSettings::Gradient(GradientSettings {
            optimizer,
            ..given
        }))
    }
}

/// A map whose first key has been looked at.
struct Rest<M> {
    first: Option<String>,
    map: M,
}

impl<'de, M: MapAccess<'de>> MapAccess<'de> for Rest<M> {
    type Error = M::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, M::Error> {
        let Some(key) = self.first.take() else {
            return self.map.next_key_seed(seed);
        };
        let key: StringDeserializer<M::Error> = key.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, M::Error> {
        self.map.next_value_seed(seed)
    }
}
