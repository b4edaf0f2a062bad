//! Addresses of e-mail, as far as somebody is known by one.

/// The domain of an address: what stands after its only `@`, in lower case. Anything odd has none.
pub(crate) fn domain(email: &str) -> Option<String> {
    let (name, domain) = email.split_once('@')?;
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '@';
    if name.is_empty() || domain.is_empty() || email.len() > 254 || name.contains(odd) || domain.contains(odd)
    {
        return None;
    }
    Some(domain.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_what_stands_after_the_only_at() {
        assert_eq!(domain("ana@Example.COM").as_deref(), Some("example.com"));
        for odd in
            ["", "ana", "@example.com", "ana@", "a@b@example.com", "ana@exam ple.com", "a\n@example.com"]
        {
            assert_eq!(domain(odd), None, "{odd}");
        }
    }
}
