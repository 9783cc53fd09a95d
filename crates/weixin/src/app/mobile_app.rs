//! Mobile apps (移动应用).

use crate::client::Client;

/// A mobile app (移动应用): WeChat on the phone gives the app a code, which its server exchanges.
///
/// See docs/wechat.md#mobile-apps.
#[derive(Clone, Debug)]
pub struct MobileApp(pub(super) Client);

login_app!(MobileApp);
