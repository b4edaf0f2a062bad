//! Statements over many rows. SQLite is asked once for up to 64 rows: each question is a hop to the
//! connection's own thread, which costs more than a row.
//!
//! A statement is prepared for 1, 2, 4, … 64 rows; the parameters of rows that are not there are left out,
//! which SQLite takes for NULL, and `column1 IS NOT NULL` sorts them out.

use std::sync::Arc;

use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Encode, Sqlite, SqliteConnection, Type};

/// The most rows of one statement.
const MOST: usize = 64;

/// A statement over rows `column1, column2, …`, in several sizes.
pub(super) struct Rows {
    columns: usize,
    sizes: Vec<Arc<str>>,
}

impl Rows {
    /// The statement that `head`, a table of rows in parentheses, and `tail` make.
    pub fn new(columns: usize, head: &str, tail: &str) -> Self {
        let row = format!("({})", vec!["?"; columns].join(","));
        let sizes = (0..)
            .map(|power| 1_usize << power)
            .take_while(|size| *size <= MOST)
            .map(|size| format!("{head} (VALUES {}) {tail}", vec![row.as_str(); size].join(",")).into())
            .collect();
        Self { columns, sizes }
    }

    fn fitting(&self, rows: usize) -> Option<&Arc<str>> {
        self.sizes.get(rows.next_power_of_two().trailing_zeros() as usize)
    }

    /// Runs it over all the rows and says how many rows it wrote.
    pub async fn run(&self, connection: &mut SqliteConnection, rows: RowValues) -> Result<u64, sqlx::Error> {
        let mut written = 0;
        for (arguments, count) in rows.parts {
            let done = self.query(arguments, count)?.execute(&mut *connection).await?;
            written += done.rows_affected();
        }
        Ok(written)
    }

    /// Runs it over all the rows and returns the strings that it finds.
    pub async fn strings(
        &self,
        connection: &mut SqliteConnection,
        rows: RowValues,
    ) -> Result<Vec<String>, sqlx::Error> {
        let mut found = Vec::new();
        for (arguments, count) in rows.parts {
            for row in self.query(arguments, count)?.fetch_all(&mut *connection).await? {
                found.push(sqlx::Row::try_get(&row, 0)?);
            }
        }
        Ok(found)
    }

    fn query(
        &self,
        arguments: SqliteArguments,
        rows: usize,
    ) -> Result<sqlx::query::Query<'static, Sqlite, SqliteArguments>, sqlx::Error> {
        let sql = self.fitting(rows).ok_or_else(|| sqlx::Error::Protocol(format!("{rows} rows at once")))?;
        // Safe: made of this module's own words and question marks.
        Ok(sqlx::query_with(AssertSqlSafe(Arc::clone(sql)), arguments))
    }

    /// Values for this statement.
    pub fn values(&self) -> RowValues {
        RowValues { columns: self.columns, parts: Vec::new(), values: 0 }
    }
}

/// The values of many rows, in parts of at most 64 rows.
pub(super) struct RowValues {
    columns: usize,
    parts: Vec<(SqliteArguments, usize)>,
    values: usize,
}

impl RowValues {
    /// Adds a row's next value.
    pub fn add<'v, T: Encode<'v, Sqlite> + Type<Sqlite>>(
        &mut self,
        value: T,
    ) -> Result<&mut Self, sqlx::Error> {
        if self.values.is_multiple_of(self.columns) {
            match self.parts.last_mut().filter(|(_, rows)| *rows < MOST) {
                Some((_, rows)) => *rows += 1,
                None => self.parts.push((SqliteArguments::default(), 1)),
            }
        }
        self.values += 1;
        if let Some((arguments, _)) = self.parts.last_mut() {
            arguments.add(value).map_err(sqlx::Error::Encode)?;
        }
        Ok(self)
    }
}
