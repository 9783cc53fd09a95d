//! Explanations of error codes, handed in by the program that starts the simulator.

use std::collections::HashMap;

use crate::Bilingual;

/// What an error code means, and what helps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// The error code.
    pub errcode: i64,
    /// The cause.
    pub cause: Bilingual,
    /// The remedy.
    pub remedy: Bilingual,
    /// Who can fix it.
    pub who: Bilingual,
}

impl Explanation {
    /// Creates the explanation of an error code.
    pub const fn new(errcode: i64, cause: Bilingual, remedy: Bilingual, who: Bilingual) -> Self {
        Self {
            errcode,
            cause,
            remedy,
            who,
        }
    }
}

/// Explanations by error code.
pub(crate) type Explanations = HashMap<i64, Explanation>;
