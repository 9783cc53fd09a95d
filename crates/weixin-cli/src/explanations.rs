//! The catalog of error codes, for the simulator's pages.

use weixin::error::{Explanation, Responsible};
use weixin_sim::Bilingual;

/// All explanations that the SDK has.
pub(crate) fn all() -> impl Iterator<Item = weixin_sim::Explanation> {
    Explanation::all().map(|row| {
        let (cause, remedy) = (row.cause, row.remedy);
        weixin_sim::Explanation::new(
            row.code.0,
            Bilingual::new(cause.zh, cause.en),
            Bilingual::new(remedy.zh, remedy.en),
            who(row.code.responsible()),
        )
    })
}

fn who(responsible: Option<Responsible>) -> Bilingual {
    match responsible {
        Some(Responsible::Developer) => Bilingual::new("由你修正", "You can fix it"),
        Some(Responsible::User) => Bilingual::new("由用户处理", "The user can fix it"),
        Some(Responsible::WeChat) => Bilingual::new("由微信处理", "WeChat has to fix it"),
        _ => Bilingual::new("视情况而定", "It depends"),
    }
}
