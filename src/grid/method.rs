//! The method of a trial with its settings: the `solver` map of a grid file.

use std::fmt;
use std::sync::LazyLock;

use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::fields::fields_of;
use crate::bcd::{BatchSize, MiniBatchSettings, SolverSettings};
use crate::check::OutOfRange;
use crate::gradient::{GradientSettings, Optimizer};
use crate::training::Precision;

/// The key that chooses the method.
const METHOD: &str = "method";
/// The `batch_size` of the paper's algorithm.
const ALL: &str = "all";
/// The `recipe` of the paper's algorithm.
const PAPER: &str = "paper";
/// The keys that choose the form of block coordinate descent.
const RECIPE: &str = "recipe";
const BATCH_SIZE: &str = "batch_size";

/// Where settings of block coordinate descent that a grid does not name come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Recipe {
    /// Mini-batches, with settings that suit any data.
    Auto,
    /// All samples at once, with the settings of the paper.
    Paper,
}

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
    /// Block coordinate descent on all samples at once: the paper's algorithm.
    NnBcd(SolverSettings),
    /// Block coordinate descent on mini-batches.
    MiniBatch(MiniBatchSettings),
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
        let of_mini_batches: &[&str] = match optimizer {
            None => fields_of::<MiniBatchSettings>(),
            Some(_) => &[],
        };
        let others = (of_mini_batches.iter()).filter(|key| !fields.contains(key));
        let choices: &[&str] = match optimizer {
            None => &[RECIPE, BATCH_SIZE],
            Some(_) => &[],
        };
        (fields.iter().chain(others).chain(choices).copied())
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
    /// Whether the method of this name takes a key; an unknown name takes all. No name: the default. `given`: the scalar at another
    /// key of the map, which decides for what form of block coordinate descent the keys are.
    pub(super) fn takes<'a>(
        method: Option<&str>,
        given: impl Fn(&str) -> Option<&'a str>,
        is_named: impl Fn(&str) -> bool,
        key: &str,
    ) -> bool {
        let method = method.map_or(Some(MethodName::default()), MethodName::read);
        let Some(method) = method else { return true };
        if key == METHOD || !method.keys().any(|known| known == key) {
            return key == METHOD;
        }
        if method != MethodName::NnBcd || key == BATCH_SIZE || key == RECIPE {
            return true;
        }
        let on_all = match (given(BATCH_SIZE), given(RECIPE)) {
            (Some(size), _) => Some(size == ALL),
            (None, Some(recipe)) => Some(recipe == PAPER),
            (None, None) => Self::keys_of_all()
                .into_iter()
                .any(is_named)
                .then_some(true),
        };
        match on_all {
            Some(true) => fields_of::<SolverSettings>().contains(&key),
            Some(false) => fields_of::<MiniBatchSettings>().contains(&key),
            None => true,
        }
    }

    /// The keys of both forms of block coordinate descent, for messages about a map in which neither is named.
    pub(super) fn keys_of_descent() -> &'static [&'static str] {
        static KEYS: LazyLock<Vec<&'static str>> =
            LazyLock::new(|| MethodName::NnBcd.keys().collect());
        &KEYS
    }

    /// Whether these are the keys of one form of block coordinate descent.
    pub(super) fn is_of_descent(keys: &[&str]) -> bool {
        keys == fields_of::<SolverSettings>() || keys == fields_of::<MiniBatchSettings>()
    }

    /// Where a key that one form of block coordinate descent does not take belongs: what is wrong, and what to do.
    pub(super) fn belongs_elsewhere(key: &str, taken: &[&str]) -> Option<[&'static str; 2]> {
        let (all, batches) = (
            fields_of::<SolverSettings>(),
            fields_of::<MiniBatchSettings>(),
        );
        if taken == batches && all.contains(&key) {
            return Some([
                "only the algorithm on all samples takes this key",
                "set batch_size: all for the paper's algorithm, or remove this key",
            ]);
        }
        (taken == all && batches.contains(&key)).then_some([
            "only mini-batches take this key, and another key here is of the algorithm on all samples",
            "set batch_size: auto and remove the keys of the paper's algorithm, or remove this key",
        ])
    }

    /// The keys that only the form on all samples takes: a grid that names one of them means that form.
    fn keys_of_all() -> Vec<&'static str> {
        let of_mini_batches = fields_of::<MiniBatchSettings>();
        let all = fields_of::<SolverSettings>().iter().copied();
        all.filter(|key| !of_mini_batches.contains(key)).collect()
    }

    /// The same with everything written out that depends on the number of training samples.
    #[must_use]
    pub fn resolved(&self, samples: usize) -> Self {
        match self {
            Self::MiniBatch(settings) => Self::MiniBatch(settings.resolved(samples)),
            Self::NnBcd(_) | Self::Gradient(_) => self.clone(),
        }
    }

    /// The recipe that the settings come from; a gradient method has none.
    pub(super) fn recipe(&self) -> &'static str {
        match self {
            Self::NnBcd(_) => PAPER,
            Self::MiniBatch(_) => "auto",
            Self::Gradient(_) => "",
        }
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
            Self::MiniBatch(settings) => settings.check(layers),
            Self::Gradient(settings) => settings.check(layers),
        }
    }

    /// Arithmetic.
    pub fn precision(&self) -> Precision {
        match self {
            Self::NnBcd(settings) => settings.precision,
            Self::MiniBatch(settings) => settings.precision,
            Self::Gradient(settings) => settings.precision,
        }
    }

    /// Iterations: passes over all blocks, or epochs; of settings that are resolved.
    pub fn iterations(&self) -> usize {
        match self {
            Self::NnBcd(settings) => settings.iterations,
            Self::MiniBatch(settings) => settings.iterations.unwrap_or_default(),
            Self::Gradient(settings) => settings.iterations,
        }
    }

    /// Accuracy is measured every so many iterations; of settings that are resolved.
    pub fn eval_every(&self) -> usize {
        match self {
            Self::NnBcd(settings) => settings.eval_every,
            Self::MiniBatch(settings) => settings.eval_every.unwrap_or(1),
            Self::Gradient(settings) => settings.eval_every,
        }
    }

    /// Whether the row of an iteration is that of the compressed network, if there is a compression.
    pub fn compresses_after(&self, iteration: usize) -> bool {
        match self {
            Self::NnBcd(settings) => settings.compresses_after(iteration),
            Self::MiniBatch(settings) => settings.compresses_after(iteration),
            Self::Gradient(settings) => settings.compresses_after(iteration),
        }
    }
}

impl MethodSettings {
    /// How the reader of grid files recognises this type.
    pub(super) const STRUCT: &str = "MethodSettings";

    /// The keys that have to come first, in their order: those that decide what the others are.
    pub(super) fn leading_keys() -> Vec<&'static str> {
        let mut keys = vec![METHOD, RECIPE, BATCH_SIZE];
        keys.extend(Self::keys_of_all());
        keys
    }
}

impl Default for MethodSettings {
    fn default() -> Self {
        Self::MiniBatch(MiniBatchSettings::default())
    }
}

impl Serialize for MethodSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct NnBcd<'a, S> {
            method: MethodName,
            #[serde(skip_serializing_if = "Option::is_none")]
            batch_size: Option<BatchSize>,
            #[serde(flatten)]
            settings: &'a S,
        }
        match self {
            Self::NnBcd(settings) => NnBcd {
                method: MethodName::NnBcd,
                batch_size: Some(BatchSize::All),
                settings,
            }
            .serialize(serializer),
            Self::MiniBatch(settings) => NnBcd {
                method: MethodName::NnBcd,
                batch_size: None,
                settings,
            }
            .serialize(serializer),
            Self::Gradient(settings) => settings.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for MethodSettings {
    /// Needs `method` as the first key, if there is one: an implementation that could take it anywhere would have to
    /// hold all values back, and mistakes in them would lose their places. So do `recipe`, `batch_size` and the keys of the form
    /// on all samples, in this order. The reader of grid files hands them over like this, see `leading_keys`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const FIELDS: &[&str] = &[METHOD, "and the settings of the method"];
        deserializer.deserialize_struct(Self::STRUCT, FIELDS, OfMethod)
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
        let rest = Rest { first, map };
        let Some(optimizer) = method.optimizer() else {
            return block_coordinate_descent(rest);
        };
        let given = GradientSettings::deserialize(MapAccessDeserializer::new(rest))?;
        Ok(MethodSettings::Gradient(GradientSettings {
            optimizer,
            ..given
        }))
    }
}

/// The form of block coordinate descent that the next keys are for, with its settings.
fn block_coordinate_descent<'de, M: MapAccess<'de>>(
    mut rest: Rest<M>,
) -> Result<MethodSettings, M::Error> {
    let recipe: Option<Recipe> = rest.take(RECIPE)?;
    let batch_size: Option<BatchSize> = rest.take(BATCH_SIZE)?;
    let paper = recipe == Some(Recipe::Paper);
    if paper && batch_size.is_some_and(|size| size != BatchSize::All) {
        return Err(de::Error::custom(
            "recipe paper works on all samples at once: leave out batch_size, or recipe",
        ));
    }
    let named = |keys: &[&str]| rest.first.as_deref().is_some_and(|key| keys.contains(&key));
    let of_all = match batch_size {
        Some(size) => size == BatchSize::All,
        None => paper || recipe.is_none() && named(&MethodSettings::keys_of_all()),
    };
    let rest = MapAccessDeserializer::new(rest);
    if of_all {
        return SolverSettings::deserialize(rest).map(MethodSettings::NnBcd);
    }
    let settings = MiniBatchSettings::deserialize(rest)?;
    Ok(MethodSettings::MiniBatch(MiniBatchSettings {
        batch_size: batch_size.unwrap_or_default(),
        ..settings
    }))
}

/// A map whose first key has been looked at.
struct Rest<M> {
    first: Option<String>,
    map: M,
}

impl<M> Rest<M> {
    /// The value of this key, if it comes next.
    fn take<'de, T: Deserialize<'de>>(&mut self, key: &str) -> Result<Option<T>, M::Error>
    where
        M: MapAccess<'de>,
    {
        if self.first.as_deref() != Some(key) {
            return Ok(None);
        }
        let value = self.map.next_value()?;
        self.first = self.map.next_key()?;
        Ok(Some(value))
    }
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
