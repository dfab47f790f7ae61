//! The ranges of the settings of the solver.

use super::SolverSettings;
use crate::check::{Checked, at_least_one, compress_after, positive, require};

impl SolverSettings {
    /// Whether every setting is in its range, for a network of so many layers.
    ///
    /// # Errors
    /// The first setting that is not.
    pub fn check(&self, layers: usize) -> Checked {
        positive(self.gamma, "gamma")?;
        positive(self.rho, "rho")?;
        positive(self.tau, "tau")?;
        positive(self.alpha, "alpha")?;
        require(
            // Not what single precision would round to 2.
            self.relaxation > 0.0 && (self.relaxation as f32) < 2.0,
            "relaxation",
            self.relaxation,
            "a number > 0 and < 2",
        )?;
        let finals = [
            (self.gamma_final, "gamma_final"),
            (self.rho_final, "rho_final"),
            (self.tau_final, "tau_final"),
        ];
        for (value, path) in finals {
            value.map_or(Ok(()), |value| positive(value, path))?;
        }
        self.weight_decay.check(layers)?;
        compress_after(self.compress_after, self.iterations)?;
        self.check_refits()?;
        at_least_one(self.eval_every, "eval_every")?;
        match &self.stop {
            Some(stop) => positive(stop.step_below, "stop.step_below"),
            None => Ok(()),
        }
    }

    fn check_refits(&self) -> Checked {
        const PATH: &str = "refit_every";
        require(
            !self.refit || self.iterations > 0,
            "refit",
            true,
            "only with iterations >= 1: the last iteration is the refit",
        )
        .map_err(|found| found.naming("iterations"))?;
        let Some(every) = self.refit_every else {
            return Ok(());
        };
        require(self.refit, PATH, every, "only with refit: true")
            .map_err(|found| found.naming("refit"))?;
        require(every >= 2, PATH, every, "a whole number >= 2")
    }
}

#[cfg(test)]
mod tests {
    use super::super::StopSettings;
    use super::*;
    use crate::training::WeightDecay;

    type Change = fn(&mut SolverSettings);

    /// Each range, by the one value that is out of it.
    #[test]
    fn a_setting_out_of_its_range_is_refused() {
        let refused: [(Change, &str); 20] = [
            (
                |s| s.gamma = -1.0,
                "gamma: -1 is not allowed (a number > 0)",
            ),
            (|s| s.rho = 0.0, "rho: 0 is not allowed (a number > 0)"),
            (
                |s| s.tau = f64::INFINITY,
                "tau: inf is not allowed (a finite number > 0)",
            ),
            (
                |s| s.alpha = f64::NAN,
                "alpha: NaN is not allowed (a finite number > 0)",
            ),
            (|s| s.relaxation = 0.0, "relaxation: 0 is not allowed"),
            (|s| s.relaxation = 2.0, "relaxation: 2 is not allowed"),
            (|s| s.relaxation = f64::NAN, "relaxation: NaN is not"),
            (|s| s.relaxation = 1.999_999_999, "relaxation: 1.999999999"),
            (|s| s.gamma_final = Some(0.0), "gamma_final: 0 is"),
            (|s| s.rho_final = Some(-3.0), "rho_final: -3 is"),
            (|s| s.tau_final = Some(f64::NAN), "tau_final: NaN is"),
            (
                |s| s.weight_decay = WeightDecay::Uniform(-0.1),
                "weight_decay: -0.1 is not allowed (a number >= 0)",
            ),
            (
                |s| s.weight_decay = WeightDecay::PerLayer(vec![1.0, f64::NAN, 1.0]),
                "weight_decay[1]: NaN is",
            ),
            (
                |s| s.weight_decay = WeightDecay::PerLayer(vec![1.0; 2]),
                "weight_decay: a list of 2 is not allowed (one number, or one for each of the 3 layers)",
            ),
            (
                |s| s.compress_after = 100,
                "compress_after: 100 is not allowed (less than iterations, which is 100)",
            ),
            (
                |s| (s.refit, s.iterations) = (true, 0),
                "refit: true is not allowed (only with iterations >= 1: the last",
            ),
            (
                |s| s.refit_every = Some(10),
                "refit_every: 10 is not allowed (only with refit: true)",
            ),
            (
                |s| (s.refit, s.refit_every) = (true, Some(1)),
                "refit_every: 1 is not allowed (a whole number >= 2)",
            ),
            (|s| s.eval_every = 0, "eval_every: 0 is not allowed"),
            (
                |s| s.stop = Some(StopSettings { step_below: 0.0 }),
                "stop.step_below: 0 is not allowed",
            ),
        ];
        for (change, expected) in refused {
            let mut settings = SolverSettings::default();
            assert_eq!(settings.check(3), Ok(()));
            change(&mut settings);
            let found = settings.check(3).expect_err(expected).to_string();
            assert!(found.starts_with(expected), "{found}");
        }
    }

    #[test]
    fn the_ends_of_the_ranges_are_allowed() {
        let settings = SolverSettings {
            iterations: 0,
            relaxation: 1.9,
            weight_decay: WeightDecay::PerLayer(vec![0.0; 3]),
            ..SolverSettings::default()
        };
        assert_eq!(settings.check(3), Ok(()));
        let settings = SolverSettings {
            compress_after: 99,
            refit: true,
            refit_every: Some(2),
            stop: Some(StopSettings { step_below: 1e-300 }),
            ..SolverSettings::default()
        };
        assert_eq!(settings.check(3), Ok(()));
    }
}
