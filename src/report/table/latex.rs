//! LaTeX: a `table` environment with booktabs rules; no other package is needed.

use std::fmt::Write as _;

use super::{
    Block, EMPTY, PaperTable,
    grid::{self, Syntax},
    one_line,
};
use crate::report::number::Printed;

/// An en dash.
const DASH: &str = "--";

struct Latex;

impl Syntax for Latex {
    fn text(&self, text: &str) -> String {
        escape(text)
    }

    fn empty(&self) -> &'static str {
        DASH
    }

    fn number(&self, printed: &Printed, best: bool) -> String {
        let mean = &printed.mean;
        let mut text = if mean.ends_with(|last: char| last.is_ascii_digit()) {
            mean.clone()
        } else {
            format!("\\mathrm{{{mean}}}")
        };
        if let Some(std) = &printed.std {
            let _ = write!(text, " \\pm {std}");
        }
        if let Some(exponent) = printed.exponent {
            if printed.std.is_some() {
                text = format!("({text})");
            }
            let _ = write!(text, " \\times 10^{{{exponent}}}");
        }
        if best {
            format!("$\\mathbf{{{text}}}$")
        } else {
            format!("${text}$")
        }
    }

    fn mark(&self, mark: &str) -> String {
        format!("\\textsuperscript{{{mark}}}")
    }
}

pub(super) fn render(table: &PaperTable) -> String {
    let keys = table.row_headers.len();
    let lines = grid::lines(table, &Latex);
    let columns = lines.first().map_or(0, Vec::len);
    let alignment = "l".repeat(keys) + &"r".repeat(columns - keys);
    let mut text = String::from("% Needs \\usepackage{booktabs}.\n\\begin{table}\n  \\centering\n");
    let _ = writeln!(text, "  \\caption{{{}}}", escape(&table.title));
    let _ = writeln!(text, "  \\begin{{tabular}}{{{alignment}}}\n    \\toprule");
    text.push_str(&header(table, &lines[0]));
    text.push_str("    \\midrule\n");
    for line in &lines[1..] {
        push_line(&mut text, line);
    }
    text.push_str("    \\bottomrule\n  \\end{tabular}\n");
    for (index, (mark, note)) in table.notes().enumerate() {
        if index == 0 {
            text.push_str("\n  \\medskip\n  \\footnotesize\n");
        }
        let mark = mark.map_or_else(String::new, |mark| Latex.mark(&mark) + " ");
        let _ = writeln!(text, "  {mark}{}\\par", escape(note));
    }
    text.push_str("\\end{table}\n");
    text
}

fn push_line(text: &mut String, cells: &[String]) {
    let _ = writeln!(text, "    {} \\\\", cells.join(" & "));
}

/// The header: a line for each setting across, whose headings span the columns that they hold for, above the line of
/// the columns themselves. These are the metrics or, if there is but one, which the caption names, the values of the
/// innermost setting.
fn header(table: &PaperTable, flat: &[String]) -> String {
    let metrics: Vec<String> = table.metrics.iter().map(|m| escape(&m.heading)).collect();
    let levels = table.blocks.first().map_or(0, |b| b.settings.len());
    let spanning = if metrics.len() == 1 {
        levels.saturating_sub(1)
    } else {
        levels
    };
    let mut text = String::new();
    for level in 0..spanning {
        push_spanning(table, level, &mut text);
    }
    let keys = &flat[..table.row_headers.len()];
    match levels {
        0 => push_line(&mut text, flat),
        _ if spanning == levels => {
            let columns = vec![metrics; table.blocks.len()].concat();
            push_line(&mut text, &[keys, &columns].concat());
        }
        _ => {
            let innermost = table.blocks.iter().map(|b| escape(&b.heading(spanning)));
            push_line(&mut text, &[keys, &innermost.collect::<Vec<_>>()].concat());
        }
    }
    text
}

/// A line of headings, each over all blocks with the same values of the settings up to `level`, with rules below.
fn push_spanning(table: &PaperTable, level: usize, text: &mut String) {
    let mut cells = vec![String::new(); table.row_headers.len()];
    let mut rules = String::from("   ");
    let mut first = cells.len() + 1;
    let same = |a: &Block, b: &Block| a.settings[..=level] == b.settings[..=level];
    for blocks in table.blocks.chunk_by(same) {
        let width = blocks.len() * table.metrics.len();
        let heading = escape(&blocks[0].heading(level));
        cells.push(format!("\\multicolumn{{{width}}}{{c}}{{{heading}}}"));
        let _ = write!(rules, " \\cmidrule(lr){{{first}-{}}}", first + width - 1);
        first += width;
    }
    push_line(text, &cells);
    let _ = writeln!(text, "{rules}");
}

/// `text` as LaTeX shows it unchanged.
///
/// Beside the special characters these are made harmless: a bracket or star, which a preceding
/// `\\` would take for its argument; hyphens, which would join to a dash; and `<`, `>`, `|`,
/// which the default font encoding replaces.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => escaped.extend(['\\', c]),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '\\' => escaped.push_str("\\textbackslash{}"),
            '<' => escaped.push_str("\\textless{}"),
            '>' => escaped.push_str("\\textgreater{}"),
            '|' => escaped.push_str("\\textbar{}"),
            '-' if escaped.ends_with('-') => escaped.push_str("{}-"),
            '[' | ']' | '*' => escaped.extend(['{', c, '}']),
            '±' => escaped.push_str("$\\pm$"),
            c if EMPTY.contains(c) => escaped.push_str(DASH),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::escape;
    use crate::measure::Quantity;
    use crate::report::{PaperTable, TableFormat, TableQuery, build};
    use crate::store::{TrialRow, TrialStatus, TrialTable};

    /// Two settings across; the trials change the outer one faster.
    fn two_levels(metrics: &[Quantity]) -> PaperTable {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let cells = [("8", "a_1"), ("16", "a_1"), ("8", ""), ("16", "")];
        let rows = cells.iter().zip(5..).map(|((rank, tau), tenths)| TrialRow {
            status: TrialStatus::Done,
            swept: owned(&["x", rank, tau]),
            test_accuracy: Some(f64::from(tenths) / 10.0),
            compression_ratio: Some(2.0),
            ..TrialRow::default()
        });
        let trials = TrialTable {
            swept: owned(&["solver.method", "compression.rank", "model.init"]),
            rows: rows.collect(),
        };
        let query = TableQuery {
            rows: owned(&["solver.method"]),
            columns: owned(&["compression.rank", "model.init"]),
            metrics: metrics.to_vec(),
        };
        let mut table = build(&trials, &query).expect("all names exist");
        table.entitle("run");
        table
    }

    #[test]
    fn headings_span_the_columns_that_they_hold_for() {
        let metrics = [Quantity::TestAccuracy, Quantity::CompressionRatio];
        let latex = two_levels(&metrics).render(TableFormat::Latex);
        let expected = r"  \caption{run}
  \begin{tabular}{lrrrrrrrr}
    \toprule
     & \multicolumn{4}{c}{rank = 8} & \multicolumn{4}{c}{rank = 16} \\
    \cmidrule(lr){2-5} \cmidrule(lr){6-9}
     & \multicolumn{2}{c}{init = a\_1} & \multicolumn{2}{c}{init = --} & \multicolumn{2}{c}{init = a\_1} & \multicolumn{2}{c}{init = --} \\
    \cmidrule(lr){2-3} \cmidrule(lr){4-5} \cmidrule(lr){6-7} \cmidrule(lr){8-9}
    method & Test accuracy & Compression ratio & Test accuracy & Compression ratio & Test accuracy & Compression ratio & Test accuracy & Compression ratio \\
    \midrule
    x & $0.5000$ & $2.000$ & $0.7000$ & $2.000$ & $0.6000$ & $2.000$ & $\mathbf{0.8000}$ & $2.000$ \\
";
        assert!(latex.contains(expected), "{latex}");
    }

    #[test]
    fn a_single_metric_stands_in_the_caption_and_not_over_the_columns() {
        let latex = two_levels(&[Quantity::TestAccuracy]).render(TableFormat::Latex);
        let expected = r"  \caption{run: Test accuracy}
  \begin{tabular}{lrrrr}
    \toprule
     & \multicolumn{2}{c}{rank = 8} & \multicolumn{2}{c}{rank = 16} \\
    \cmidrule(lr){2-3} \cmidrule(lr){4-5}
    method & init = a\_1 & init = -- & init = a\_1 & init = -- \\
    \midrule
";
        assert!(latex.contains(expected), "{latex}");
    }

    #[test]
    fn special_characters_are_shown_as_themselves() {
        assert_eq!(
            escape("50% & {a_b} #1 $x^2$ ~ \\"),
            "50\\% \\& \\{a\\_b\\} \\#1 \\$x\\textasciicircum{}2\\$ \\textasciitilde{} \
             \\textbackslash{}"
        );
        assert_eq!(escape("[8,8] --x*"), "{[}8,8{]} -{}-x{*}");
        assert_eq!(escape("a\u{1b}b"), "a\\textbackslash{}u\\{1b\\}b");
    }

    proptest! {
        #[test]
        fn no_special_character_is_left(text in "[\\PC\\n\\r\\t\\x1b&%$#_{}~^\\\\\\[\\]*<>|-]*") {
            // Take out what we write on purpose; nothing that LaTeX acts on may remain.
            let mut rest = escape(&text);
            for written in [
                "\\textasciitilde{}", "\\textasciicircum{}", "\\textbackslash{}",
                "\\textless{}", "\\textgreater{}", "\\textbar{}", "$\\pm$",
                "\\&", "\\%", "\\$", "\\#", "\\_", "\\{", "\\}",
                "{[}", "{]}", "{*}", "{}-",
            ] {
                rest = rest.replace(written, " ");
            }
            let special = ['&', '%', '$', '#', '_', '{', '}', '~', '^', '\\', '[', ']', '*', '\n'];
            prop_assert!(!rest.contains(special), "{}", rest);
            prop_assert!(!rest.chars().any(char::is_control));
        }
    }
}
