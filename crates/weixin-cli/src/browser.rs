//! The person's browser.

/// Opens `url`, if there is a screen to open it on; the address is printed anyway.
pub(crate) fn open(url: &str) {
    let has_screen = !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some());
    if has_screen {
        // Without a browser the printed address is what is left.
        let _ = open::that_detached(url);
    }
}
