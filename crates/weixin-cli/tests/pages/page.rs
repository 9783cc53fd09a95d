//! A page of the manual as its blocks of code.

use std::{fs, path::Path};

pub(crate) struct Page {
    /// The path in the repository, such as `docs/zh/website.md`.
    pub(crate) path: String,
    /// The path without `docs`.
    pub(crate) name: String,
    pub(crate) blocks: Vec<Block>,
}

#[derive(Debug)]
pub(crate) struct Block {
    /// The text after the fence.
    pub(crate) info: String,
    pub(crate) text: String,
    /// The line of the fence.
    pub(crate) line: usize,
}

impl Page {
    pub(crate) fn read(file: &Path) -> Self {
        let path = file.strip_prefix(super::repository()).unwrap();
        let name = path.strip_prefix("docs").unwrap_or(path);
        Self {
            path: path.to_str().unwrap().to_owned(),
            name: name.to_str().unwrap().to_owned(),
            blocks: blocks(&fs::read_to_string(file).unwrap()),
        }
    }

    /// Set if its commands are run in the repository.
    pub(crate) fn is_readme(&self) -> bool {
        self.name.contains("README")
    }
}

impl Block {
    pub(crate) fn is(&self, word: &str) -> bool {
        self.info.split(' ').any(|part| part == word)
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let mut parts = self.info.split(' ');
        parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    }

    /// For comparison with the other language.
    pub(crate) fn without_comments(&self) -> String {
        let lines = self.text.lines().map(|line| {
            let comment = ["  # ", " // "]
                .iter()
                .filter_map(|mark| line.find(mark))
                .min();
            let whole = line.trim_start();
            if ["# ", "// ", "/// "]
                .iter()
                .any(|mark| whole.starts_with(mark))
            {
                ""
            } else {
                line[..comment.unwrap_or(line.len())].trim_end()
            }
        });
        let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
        // What is printed may be in the page's language.
        lines.join("\n").replace(" --lang zh", "")
    }
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in page.lines().enumerate() {
        match (open.take(), line.strip_prefix("```")) {
            (Some(block), Some(_)) => blocks.push(block),
            (Some(mut block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
            (None, Some(info)) => {
                open = Some(Block {
                    info: info.to_owned(),
                    text: String::new(),
                    line: number + 1,
                });
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}
