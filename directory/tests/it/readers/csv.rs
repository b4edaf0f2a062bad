//! A file that changes between two readings.

use std::path::PathBuf;

use hubcommander_directory::readers::{CsvFile, CsvSettings};
use hubcommander_directory::{Reader as _, Trouble};

use super::stub::clock;

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("hubcommander-directory-{}-{name}.csv", std::process::id()));
        Self(path)
    }

    fn holds(&self, people: usize) {
        let lines: String = (0..people).map(|one| format!("{one},p{one}@example.com\n")).collect();
        std::fs::write(&self.0, format!("id,email\n{lines}")).unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn a_file_that_shrinks_by_more_than_half_is_not_believed() {
    let file = Scratch::new("shrinks");
    let reader = CsvFile::new(CsvSettings::new(&file.0), clock());
    assert!(matches!(reader.roll().await, Err(Trouble::Setup { .. })));
    file.holds(100);
    let before = reader.roll().await.unwrap();
    file.holds(49);
    let shrunk = Trouble::Shrunk { directory: "the CSV file".to_owned(), before: 100, now: 49 };
    assert_eq!(reader.roll().await, Err(shrunk.clone()));
    // It stays unbelieved until it is whole again.
    assert_eq!(reader.roll().await, Err(shrunk));
    file.holds(0);
    assert!(matches!(reader.roll().await, Err(Trouble::Partial { .. })));
    file.holds(50);
    assert_eq!(reader.roll().await.unwrap().since(&before).left().count(), 50);
    file.holds(25);
    assert!(reader.roll().await.is_ok());
}

#[tokio::test]
async fn what_an_earlier_run_knew_counts() {
    let file = Scratch::new("known");
    file.holds(10);
    let settings = CsvSettings { known: 1_000, ..CsvSettings::new(&file.0) };
    assert!(matches!(CsvFile::new(settings, clock()).roll().await, Err(Trouble::Shrunk { .. })));
}

#[tokio::test]
async fn half_a_roll_is_no_measure_for_the_next() {
    let file = Scratch::new("half");
    let reader = CsvFile::new(CsvSettings::new(&file.0), clock());
    file.holds(100);
    reader.roll().await.unwrap();
    let half: String = (0..60).map(|one| format!("{one},p{one}@example.com\n")).collect();
    std::fs::write(&file.0, format!("id,email\n{half}bad\n")).unwrap();
    assert!(!reader.roll().await.unwrap().is_whole());
    file.holds(40);
    assert!(matches!(reader.roll().await, Err(Trouble::Shrunk { before: 100, now: 40, .. })));
}
