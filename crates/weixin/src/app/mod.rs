//! Applications that are registered with WeChat, by their kind.

mod apps;
mod kind;

pub use self::{
    apps::{Advice, Apps, Start, StartError},
    kind::AppKind,
};
