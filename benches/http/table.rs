//! The table: what was measured beside what is allowed.

use crate::load::Figures;
use crate::raw::Raw;

/// What an operation may cost: so many hellos, and work that cannot be avoided.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    pub hellos: f64,
    /// In µs.
    pub beside: f64,
}

/// One operation at 8 and at 64 connections.
#[derive(Clone, Debug)]
pub struct Row {
    pub name: String,
    pub figures: [Figures; 2],
    pub limit: Option<Limit>,
}

/// Everything of one run.
pub struct Table {
    pub raw: Raw,
    /// Before the first and after the last row.
    pub hello: Vec<[Figures; 2]>,
    pub rows: Vec<Row>,
}

impl Table {
    /// An empty one.
    pub fn new(raw: Raw) -> Self {
        Self { raw, hello: Vec::new(), rows: Vec::new() }
    }

    /// Processor time of one hello at that number of connections, in µs.
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "figures for people")]
    fn hello(&self, crowd: usize) -> f64 {
        let each = self.hello.iter().filter_map(|pair| pair.get(crowd)).map(|figures| figures.cpu);
        each.sum::<f64>() / self.hello.len().max(1) as f64
    }

    /// The row whose cost is that of two others: one trip of two requests.
    pub fn join(&mut self, name: &str, parts: [&str; 2], limit: Limit) {
        let mut figures = [Figures::default(); 2];
        for row in self.rows.iter().filter(|row| parts.contains(&row.name.as_str())) {
            for (sum, part) in figures.iter_mut().zip(&row.figures) {
                sum.cpu += part.cpu;
            }
        }
        self.rows.push(Row { name: name.to_owned(), figures, limit: Some(limit) });
    }

    pub fn print(&self) {
        println!("| measured in the same run | CPU each |\n|---|---|");
        println!("| hello (h), 8 connections, mean of before and after | {:.1} µs |", self.hello(0));
        println!("| hello (h), 64 connections, mean of before and after | {:.1} µs |", self.hello(1));
        println!("| ES256 signature | {:.1} µs |", self.raw.es256);
        println!("| RS256 signature | {:.1} µs |", self.raw.rs256);
        println!("| argon2id hash | {:.1} ms |\n", self.raw.argon2id / 1e3);
        println!(
            "| operation | connections | requests/s | server CPU, µs | p50, ms | p99, ms | limit, µs | of limit |"
        );
        println!("|---|---|---|---|---|---|---|---|");
        for (at, pair) in self.hello.iter().enumerate() {
            let name = if at == 0 { "hello, before" } else { "hello, after" };
            self.print_row(&Row { name: name.to_owned(), figures: *pair, limit: None });
        }
        for row in &self.rows {
            self.print_row(row);
        }
    }

    fn print_row(&self, row: &Row) {
        for (crowd, figures) in row.figures.iter().enumerate() {
            let connections = crate::load::CROWDS.get(crowd).copied().unwrap_or_default();
            let (limit, ratio) = match row.limit {
                Some(limit) => {
                    let most = limit.hellos * self.hello(crowd) + limit.beside;
                    let ratio = figures.cpu / most;
                    let mark = if ratio > 1.0 { " **over**" } else { "" };
                    (format!("{most:.0}"), format!("{ratio:.2}{mark}"))
                }
                None => ("–".to_owned(), "–".to_owned()),
            };
            let times = match figures.done {
                0 => "– | CPU | – | –".replace("CPU", &format!("{:.1}", figures.cpu)),
                _ => format!("{:.0} | {:.1} | {:.2} | {:.2}", figures.rate, figures.cpu, figures.p50, figures.p99),
            };
            println!("| {} | {connections} | {times} | {limit} | {ratio} |", row.name);
        }
    }
}
