//! What makes a network less than it could be, in words: so that no bad network goes unnoticed.

/// Something that is wrong with a trial or its network, though it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The network is no better than a constant answer.
    Majority,
    /// A part of the hidden units does nothing.
    DeadUnits,
    /// What is deployed is far worse than what was compressed.
    CompressionLoss,
    /// A compressed layer is no smaller than the dense one.
    NoGain,
    /// The safeguard of the method was needed.
    StepsBack,
    /// The inputs are far from the scale that training expects.
    InputScale,
    /// A feature only counts the rows of the file.
    IndexColumn,
    /// Files of different parts are equal.
    SameFiles,
    /// Test samples have been seen in training.
    RepeatedSamples,
    /// A part has no sample of some class.
    LackingClass,
    /// So many classes that the labels are probably measurements.
    ManyClasses,
}

impl Notice {
    /// Every notice, in the order in which they are said.
    pub const ALL: [Self; 11] = [
        Self::Majority,
        Self::DeadUnits,
        Self::CompressionLoss,
        Self::NoGain,
        Self::StepsBack,
        Self::InputScale,
        Self::IndexColumn,
        Self::SameFiles,
        Self::RepeatedSamples,
        Self::LackingClass,
        Self::ManyClasses,
    ];

    /// Its code, the sentence, and what helps.
    fn facts(self) -> [&'static str; 3] {
        match self {
            Self::Majority => [
                "majority",
                "no better than always answering the most frequent class",
                "check labels and inputs, train longer (solver.iterations) or compress less",
            ],
            Self::DeadUnits => [
                "dead-units",
                "dead units: half of a hidden layer or more is zero for every training sample",
                "set model.bias: true, take another seed or smaller steps, or use fewer units (model.hidden)",
            ],
            Self::CompressionLoss => [
                "compression-loss",
                "the compressed network is far less accurate than the one before compression",
                "compress less or train longer (solver.iterations); with batch_size: all, refit: true and a larger \
                 tau_final help too",
            ],
            Self::NoGain => [
                "no-gain",
                "a compressed layer stores as many numbers as the dense one, or more",
                "take a smaller rank, leave the layer out (compression.layers), or give compression.ratio",
            ],
            Self::StepsBack => [
                "steps-back",
                "training went astray, and the safeguard went back to an earlier state with steps of half the size",
                "take a smaller solver.step, and set data.standardize: true unless it is",
            ],
            Self::InputScale => [
                "input-scale",
                "the inputs are far from the scale 1 that training expects",
                "set data.standardize: true, or scale the columns of the files (pixels to between 0 and 1)",
            ],
            Self::IndexColumn => [
                "index-column",
                "a feature column only counts the rows of the file, or has no name",
                "leave it out, as in data.ignore: [COLUMN]",
            ],
            Self::SameFiles => [
                "same-files",
                "two files of the data are equal, so that test accuracy says nothing about new samples",
                "name another test file, or leave it out and set data.split",
            ],
            Self::RepeatedSamples => [
                "repeated-samples",
                "test samples equal training samples in every feature, so that test accuracy is too high",
                "remove samples that come again, or split by what they belong to",
            ],
            Self::LackingClass => [
                "lacking-class",
                "a part of the data has no sample of some class",
                "leave out data.shuffle: false, set data.stratify: true, or take more samples",
            ],
            Self::ManyClasses => [
                "many-classes",
                "there are so many classes that the labels are probably measurements, not classes",
                "name another column by data.label, or put the values into classes",
            ],
        }
    }

    /// Its word in files and filters.
    pub fn code(self) -> &'static str {
        self.facts()[0]
    }

    /// What is wrong.
    pub fn sentence(self) -> &'static str {
        self.facts()[1]
    }

    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        self.facts()[2]
    }

    /// Notices as files have them: their codes with spaces between.
    pub fn codes(notices: impl IntoIterator<Item = Self>) -> String {
        let codes: Vec<&str> = notices.into_iter().map(Self::code).collect();
        codes.join(" ")
    }

    /// The notices of a file; codes of other versions are passed over.
    pub fn of_codes(codes: &str) -> impl Iterator<Item = Self> {
        let is_there = |notice: &Self| codes.split_whitespace().any(|code| code == notice.code());
        // Mostly there are none, and the dashboard asks all trials in every frame.
        let possible: &[Self] = if codes.is_empty() { &[] } else { &Self::ALL };
        possible.iter().copied().filter(is_there)
    }
}

#[cfg(test)]
mod tests {
    use super::Notice;

    #[test]
    fn notices_read_back_from_their_codes() {
        let text = Notice::codes([Notice::DeadUnits, Notice::StepsBack]);
        assert_eq!(text, "dead-units steps-back");
        let read: Vec<Notice> = Notice::of_codes(&text).collect();
        assert_eq!(read, [Notice::DeadUnits, Notice::StepsBack]);
        let all: Vec<Notice> = Notice::of_codes(&Notice::codes(Notice::ALL)).collect();
        assert_eq!(all, Notice::ALL);
        assert_eq!(Notice::of_codes("majority-report 7").count(), 0);
        assert_eq!(Notice::codes([]), "");
    }
}
