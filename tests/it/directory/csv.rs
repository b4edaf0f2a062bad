//! Read from a file.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use hubcommander::directory::{Said, Source};
use hubcommander_directory::readers::CsvSettings;

use super::{Company, Notes, WITHIN};
use crate::world::Servers;

const EVERY: Duration = Duration::from_secs(15 * 60);

struct File(PathBuf);

impl File {
    fn of(servers: &Servers) -> Self {
        Self(servers.folder.path().join("people.csv"))
    }

    /// Puts a new file in place of the old one, as docs/directory.md says to.
    fn holds(&self, text: &str) {
        let beside = self.0.with_extension("new");
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(&beside, &self.0).unwrap();
    }

    fn people(&self, names: &[&str]) {
        let lines = names.iter().map(|name| format!("{name},{name}@acme.example\n"));
        self.holds(&format!("id,email\n{}", lines.collect::<String>()));
    }
}

async fn company(servers: Servers, file: &File) -> Result<Company> {
    let path = file.0.clone();
    Company::start(servers, |config| config.directory.csv = Some(CsvSettings::new(path))).await
}

impl Company {
    /// What is said of the file once that holds these words.
    async fn trouble(&self, words: &str) -> Result<()> {
        let there = async {
            loop {
                let (_, status) = self.directory.statuses().await?.remove(0);
                let unread = status.unread.iter().any(|line| line.contains(words));
                if unread || status.trouble.is_some_and(|(why, _)| why.contains(words)) {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(WITHIN, there).await?
    }

    fn next_reading(&self) {
        self.clock.forward(EVERY);
    }
}

fn notes(company: &Company) -> Vec<String> {
    let mut notes = Notes::take(&company.notes);
    notes.sort();
    notes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_changes_is_read_again() -> Result<()> {
    let servers = Servers::start().await?;
    let file = File::of(&servers);
    file.people(&["ana", "sam", "kim"]);
    let company = company(servers, &file).await?;
    company.knows(&["ana@acme.example", "kim@acme.example", "sam@acme.example"]).await?;
    assert!(notes(&company).is_empty(), "from the first reading nothing follows");
    file.people(&["ana", "gus", "kim"]);
    company.next_reading();
    company.knows(&["ana@acme.example", "gus@acme.example", "kim@acme.example"]).await?;
    assert_eq!(
        notes(&company),
        ["the CSV file (3): joined gus@acme.example", "the CSV file (3): left sam@acme.example Gone"]
    );
    let servers = company.stop().await?;
    // What happens while the bot is down follows when it is up again, once.
    file.people(&["ana", "gus"]);
    let again = self::company(servers, &file).await?;
    again.knows(&["ana@acme.example", "gus@acme.example"]).await?;
    assert_eq!(notes(&again), ["the CSV file (2): left kim@acme.example Gone"]);
    again.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_file_or_half_of_it_lets_nobody_go() -> Result<()> {
    let servers = Servers::start().await?;
    let file = File::of(&servers);
    let all = ["ana", "gus", "kim", "sam", "zoe"];
    let shown: Vec<String> = all.iter().map(|name| format!("{name}@acme.example")).collect();
    let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    file.people(&all);
    let company = company(servers, &file).await?;
    company.knows(&shown).await?;
    file.holds("");
    company.next_reading();
    company.trouble("neither a column").await?;
    file.holds("id,email\n");
    company.next_reading();
    company.trouble("nobody is in it").await?;
    std::fs::remove_file(&file.0)?;
    company.next_reading();
    company.trouble("cannot be read").await?;
    let heard = company.heard("has not been read").await?;
    insta::assert_snapshot!(heard, @r"
    ⚠️ The CSV file has not been read, or not wholly, for a while.
    Nobody is taken for having left meanwhile. `hubcommander directory list` says what is in the way.
    ");
    file.people(&["ana", "gus"]);
    company.next_reading();
    company.trouble("taken for a mistake").await?;
    let heard = company.heard("people who worked here").await?;
    insta::assert_snapshot!(heard, @r"
    ⚠️ The CSV file has 2 of the 5 people who worked here. I take that for a mistake: nobody has left.
    Look at it. If it is true, run `hubcommander directory believe csv`.
    ");
    company.knows(&shown).await?;
    // Half a line: nobody counts as gone who may have stood there.
    file.holds("id,email\nana,ana@acme.example\ngus,gus@acme.example\nkim,kim@acme.example\nsa");
    company.next_reading();
    company.trouble("line 5").await?;
    company.knows(&shown).await?;
    assert!(notes(&company).is_empty(), "nobody has left");
    // If it is true, somebody says so.
    file.people(&["ana", "gus"]);
    company.directory.say(Source::Csv, Said::Believe).await?;
    company.clock.forward(Duration::from_secs(10));
    company.knows(&["ana@acme.example", "gus@acme.example"]).await?;
    assert_eq!(notes(&company).iter().filter(|note| note.contains("left")).count(), 3);
    company.end().await
}
