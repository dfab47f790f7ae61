//! CSV: every mean, deviation and count in a column of its own, in full precision.

use super::{PaperGroup, PaperTable};

pub(super) fn render(table: &PaperTable) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let mut write = |record: Vec<String>| {
        writer
            .write_record(record)
            .expect("memory takes every record, and all have the same length");
    };
    write(header(table));
    for row in &table.rows {
        let mut record = row.keys.clone();
        record.extend(row.groups.iter().flat_map(group_cells));
        write(record);
    }
    let bytes = writer.into_inner().expect("memory takes the last record");
    String::from_utf8(bytes).expect("the writer was given strings only")
}

fn header(table: &PaperTable) -> Vec<String> {
    let mut header: Vec<String> = table.row_headers.iter().map(|h| h.path.clone()).collect();
    for block in &table.blocks {
        let settings: Vec<String> = block
            .settings
            .iter()
            .map(|(setting, value)| format!("{}={value}", setting.path))
            .collect();
        let suffix = if settings.is_empty() {
            String::new()
        } else {
            format!("[{}]", settings.join(","))
        };
        for name in ["done", "failed", "unfinished"] {
            header.push(format!("{name}{suffix}"));
        }
        for metric in &table.metrics {
            for part in ["", "_std", "_n"] {
                header.push(format!("{}{part}{suffix}", metric.name));
            }
        }
    }
    header
}

fn group_cells(group: &PaperGroup) -> Vec<String> {
    let counts = [group.done, group.failed, group.unfinished];
    let mut cells: Vec<String> = counts.iter().map(ToString::to_string).collect();
    for cell in &group.cells {
        let summary = cell.summary;
        cells.push(summary.map_or_else(String::new, |s| s.mean.to_string()));
        cells.push(
            summary
                .and_then(|s| s.std)
                .map_or_else(String::new, |std| std.to_string()),
        );
        cells.push(summary.map_or(0, |s| s.n).to_string());
    }
    cells
}
