//! LaTeX: a `table` environment with booktabs rules; no other package is needed.

use std::fmt::Write as _;

use super::{
    EMPTY, PaperTable,
    grid::{self, Syntax},
    visible,
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
    for (index, line) in lines.iter().enumerate() {
        let _ = writeln!(text, "    {} \\\\", line.join(" & "));
        if index == 0 {
            text.push_str("    \\midrule\n");
        }
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

/// `text` as LaTeX shows it unchanged.
///
/// Beside the special characters these are made harmless: a bracket or star, which a preceding
/// `\\` would take for its argument; hyphens, which would join to a dash; and `<`, `>`, `|`,
/// which the default font encoding replaces.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in visible(text).chars() {
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
