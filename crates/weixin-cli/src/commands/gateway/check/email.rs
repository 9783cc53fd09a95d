//! Whose mailboxes the e-mail addresses of a client name.

use url::Url;

/// Whether an address is in a domain that seems to be neither the operator's nor `.invalid`. `None`: that cannot be told,
/// since the gateway and the client have no domain of their own.
pub(super) fn is_foreign(address: &str, urls: &[&str]) -> Option<bool> {
    let (_, domain) = address.rsplit_once('@')?;
    if domain.ends_with(".invalid") {
        return Some(false);
    }
    let hosts: Vec<_> = urls.iter().filter_map(|url| host(url)).collect();
    if hosts.is_empty() {
        return None;
    }
    let is_own = |host: &String| is_below(domain, own_domain(host));
    Some(!hosts.iter().any(is_own))
}

/// The name of a host that others can reach.
fn host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let name = url.domain()?.to_owned();
    name.contains('.').then_some(name)
}

/// The domain to which a host belongs: `example.com` of `login.example.com`. A list of public suffixes would know more;
/// without it, `login.example.co.uk` is right and `example.co.uk` is not.
fn own_domain(host: &str) -> &str {
    match host.split_once('.') {
        Some((_, parent)) if parent.contains('.') => parent,
        _ => host,
    }
}

fn is_below(domain: &str, parent: &str) -> bool {
    let rest = domain.strip_suffix(parent);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_in_a_domain_of_the_operator_or_in_none() {
        let issuer = "https://login.example.com";
        for (address, urls, expected) in [
            ("x@wechat.example.com", vec![issuer], Some(false)),
            ("x@example.com", vec![issuer], Some(false)),
            ("x@login.example.com", vec![issuer], Some(false)),
            ("x@wechat.invalid", vec![issuer], Some(false)),
            ("x@gmail.com", vec![issuer], Some(true)),
            ("x@badexample.com", vec![issuer], Some(true)),
            (
                "x@example.org",
                vec![issuer, "https://example.org/cb"],
                Some(false),
            ),
            ("x@gmail.com", vec!["http://localhost:8080"], None),
            ("x@gmail.com", vec!["http://127.0.0.1"], None),
            ("x", vec![issuer], None),
        ] {
            assert_eq!(is_foreign(address, &urls), expected, "{address}");
        }
    }
}
