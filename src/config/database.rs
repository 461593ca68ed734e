//! Where the database is.

use std::fmt;

use serde::Deserialize;

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    pub url: String,
    /// Used by `bienlai migrate` only, when the owner is another login.
    pub owner_url: Option<String>,
    pub allow_plaintext: bool,
    /// The role taken after login on PostgreSQL; empty for none.
    pub role: String,
    pub reader_limit: u32,
    pub writer_limit: u32,
    pub migrate_at_start: bool,
}

impl Default for Database {
    fn default() -> Self {
        Database {
            url: "sqlite://var/bienlai.db".into(),
            owner_url: None,
            allow_plaintext: false,
            role: "bienlai_app".into(),
            reader_limit: 4,
            writer_limit: 4,
            migrate_at_start: true,
        }
    }
}

/// A URL may hold a password: only what comes behind it is shown.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("url", &redacted(&self.url))
            .field("owner_url", &self.owner_url.as_deref().map(redacted))
            .field("allow_plaintext", &self.allow_plaintext)
            .field("role", &self.role)
            .field("reader_limit", &self.reader_limit)
            .field("writer_limit", &self.writer_limit)
            .field("migrate_at_start", &self.migrate_at_start)
            .finish()
    }
}

/// A URL without user, password and parameters, each of which may be secret.
fn redacted(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
            format!("{scheme}://{place}")
        }
        None => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        let database = Database {
            url: "postgres://bienlai:mat@khau@db.example:5432/bienlai?password=khac".into(),
            owner_url: Some("host=db password=mat".into()),
            ..Database::default()
        };
        let shown = format!("{database:?}");
        assert!(shown.contains("postgres://db.example:5432/bienlai"), "{shown}");
        assert!(!shown.contains("mat") && !shown.contains("khau") && !shown.contains("khac"), "{shown}");
        assert!(format!("{:?}", Database::default()).contains("sqlite://var/bienlai.db"));
    }
}
