//! The manual in a browser: the scripts in `docs/style`, with which the Chinese book differs from mdBook's.

use std::path::Path;

use super::window::Window;

/// The URL of a page of the book, which `scripts/manual --build` builds.
fn page(path: &str) -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let book = target.with_file_name("book");
    assert!(
        book.join("zh/index.html").exists(),
        "{} is missing: scripts/manual --build builds it",
        book.display()
    );
    format!("file://{}/{path}", book.display())
}

#[tokio::test]
async fn a_page_of_the_chinese_manual_that_opens_with_a_search_shows_its_results() {
    let window = Window::open(&[]).await;
    window
        .goto(&page("zh/index.html?search=没有公司、域名和手机"))
        .await;
    window
        .reads(
            "#mdbook-searchresults-header",
            "“没有公司、域名和手机”：1 条结果",
        )
        .await;
    window
        .reads("#mdbook-searchresults a", "常见问题 » 其他问题")
        .await;
    window.picture("manual-search").await;
}

#[tokio::test]
async fn the_texts_of_mdbook_are_chinese_in_the_chinese_manual() {
    let window = Window::open(&[]).await;
    window.goto(&page("zh/mini-program.html")).await;
    window.click("#mdbook-theme-toggle").await;
    window
        .reads(
            "#mdbook-theme-list",
            "跟随系统\n浅色\n暖色\n炭灰\n藏青\n墨黑",
        )
        .await;
    window.click("#mdbook-theme-toggle").await;
    assert_eq!(window.attributes_in_english().await, Vec::<String>::new());
    let hidden_lines = ".buttons > button:not(.clip-button)";
    // The buttons are visible below the mouse only.
    window.click(&format!("pre:has({hidden_lines})")).await;
    for title in ["隐藏这些行", "显示隐藏的行"] {
        window.click(hidden_lines).await;
        assert_eq!(window.attribute(hidden_lines, "title").await, title);
        assert_eq!(window.attribute(hidden_lines, "aria-label").await, title);
    }
    window.press("?").await;
    window
        .reads(
            "#mdbook-help-popup",
            "快捷键\n按 ← 或 → 翻到上一页或下一页\n按 S 或 / 搜索手册\n按 ? 显示这里的说明\n按 Esc 关闭说明",
        )
        .await;
    window.picture("manual-help").await;
}

/// Its file names match nearly every word that users of the crates search for.
#[tokio::test]
async fn the_search_of_the_manual_leaves_the_code_map_out() {
    let window = Window::open(&[]).await;
    for (folder, nothing) in [
        ("", "No search results for 'start_error'."),
        ("zh/", "“start_error”：0 条结果"),
    ] {
        let url = page(&format!("{folder}index.html?search=start_error"));
        window.goto(&url).await;
        window.reads("#mdbook-searchresults-header", nothing).await;
    }
}
