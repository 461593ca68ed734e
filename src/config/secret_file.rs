//! Secrets that stand in files of their own: `{field}_file` in place of `{field}`, for every secret there is. They
//! are read before the fields are, so that a field never knows where its value came from.

use std::path::Path;

use secrecy::ExposeSecret;
use toml::{Table, Value};

use super::delivery;
use crate::error::{Error, Result};

/// Where a secret stands, and whether there may be several of it: then each line of the file is one, the newest
/// first.
struct Secret {
    section: &'static [&'static str],
    field: &'static str,
    is_list: bool,
}

const fn one(section: &'static [&'static str], field: &'static str) -> Secret {
    Secret { section, field, is_list: false }
}

const fn several(section: &'static [&'static str], field: &'static str) -> Secret {
    Secret { section, field, is_list: true }
}

/// Those that have a file of their own beside them. Passwords of mail, SMS and sign-in, and the master keys, are
/// fields that are files by themselves.
const SECRETS: [Secret; 8] = [
    one(&["database"], "url"),
    one(&["database"], "owner_url"),
    one(&["tax"], "endpoint_token"),
    several(&["channels", "sepay"], "signing_secrets"),
    several(&["channels", "sepay"], "api_keys"),
    several(&["channels", "vietqr"], "passwords"),
    several(&["channels", "vietqr"], "token_keys"),
    several(&["channels", "bank"], "secrets"),
];

/// Puts what files hold in the place of the fields that name them; tells whether there were any.
///
/// # Errors
/// `config_invalid` with the field: a file that cannot be read or is empty, a secret given twice.
pub fn read(config: &mut Table) -> Result<bool> {
    let mut is_any = false;
    for secret in &SECRETS {
        let Some((first, rest)) = secret.section.split_first() else { continue };
        let Some(section) = config.get_mut(*first) else { continue };
        let section = match rest {
            [] => Some(section),
            [inner, ..] => section.as_table_mut().and_then(|table| table.get_mut(*inner)),
        };
        match section {
            Some(Value::Table(table)) => is_any |= replace(table, secret)?,
            Some(Value::Array(tables)) => {
                for table in tables.iter_mut().filter_map(Value::as_table_mut) {
                    is_any |= replace(table, secret)?;
                }
            }
            _ => {}
        }
    }
    Ok(is_any)
}

fn replace(table: &mut Table, secret: &Secret) -> Result<bool> {
    let name = format!("{}_file", secret.field);
    let place = format!("{}.{name}", secret.section.join("."));
    let invalid = |why: &str| Error::invalid(place.as_str(), "config_invalid", why);
    let Some(path) = table.get(&name) else { return Ok(false) };
    let path = path.as_str().ok_or_else(|| invalid("the path of a file"))?.to_owned();
    if table.contains_key(secret.field) {
        return Err(invalid("the secret stands in the configuration as well; name it once"));
    }
    let text = delivery::secret(&place, Path::new(&path))?;
    let text = text.expose_secret();
    let value = match secret.is_list {
        false => Value::String(text.to_owned()),
        true => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            Value::Array(lines.map(|line| Value::String(line.to_owned())).collect())
        }
    };
    table.remove(&name);
    table.insert(secret.field.to_owned(), value);
    Ok(true)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use crate::config::Config;

    const KEY: &str =
        "[vault]\nmaster_key = \"0707070707070707070707070707070707070707070707070707070707070707\"\n";

    #[test]
    fn every_secret_may_stand_in_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let text = format!(
            "{KEY}[database]\nurl_file = \"{}\"\nowner_url_file = \"{}\"\n[tax]\nendpoint_token_file = \"{}\"\n\
             [[channels.sepay]]\nname = \"sepay\"\nsigning_secrets_file = \"{}\"\napi_keys_file = \"{}\"\n\
             [[channels.vietqr]]\nname = \"vietqr\"\nuser = \"u\"\npasswords_file = \"{}\"\ntoken_keys_file = \"{}\"\n\
             [[channels.bank]]\nname = \"vpbank\"\nsecrets_file = \"{}\"\n",
            file("url", "sqlite://a.db\n"),
            file("owner", "sqlite://b.db\n"),
            file("token", "a-token\n"),
            file("signing", "the-new-secret-of-sepay\nthe-old-secret-of-sepay\n"),
            file("keys", "an-api-key-of-sepay\n"),
            file("password", "a-password-of-vietqr\r\n"),
            file("token-keys", "a-token-key-that-has-32-bytes-or-more\n"),
            file("bank", "a-secret-of-the-bank-that-has-32-bytes\n\n"),
        );
        let config = Config::parse_alone(&text).unwrap();
        assert_eq!(config.database.url, "sqlite://a.db");
        assert_eq!(config.database.owner_url.as_deref(), Some("sqlite://b.db"));
        assert_eq!(config.tax.endpoint_token.unwrap().expose_secret(), "a-token");
        let told = |secrets: &[secrecy::SecretString]| {
            secrets.iter().map(|one| one.expose_secret().to_owned()).collect::<Vec<_>>()
        };
        let channels = &config.channels;
        assert_eq!(
            told(&channels.sepay[0].signing_secrets),
            ["the-new-secret-of-sepay", "the-old-secret-of-sepay"]
        );
        assert_eq!(told(&channels.sepay[0].api_keys), ["an-api-key-of-sepay"]);
        assert_eq!(told(&channels.vietqr[0].passwords), ["a-password-of-vietqr"]);
        assert_eq!(told(&channels.vietqr[0].token_keys), ["a-token-key-that-has-32-bytes-or-more"]);
        assert_eq!(told(&channels.bank[0].secrets), ["a-secret-of-the-bank-that-has-32-bytes"]);
    }

    #[test]
    fn a_secret_is_named_once_and_its_file_is_there() {
        let error = |text: &str| Config::parse_alone(&format!("{KEY}{text}")).unwrap_err().to_string();
        let twice = "[tax]\nendpoint_token = \"a\"\nendpoint_token_file = \"/nowhere\"\n";
        assert!(error(twice).starts_with("tax.endpoint_token_file: the secret stands"));
        let missing = "[[channels.bank]]\nname = \"b\"\nsecrets_file = \"/nowhere\"\n";
        assert!(error(missing).starts_with("channels.bank.secrets_file: /nowhere"), "{}", error(missing));
        assert!(
            error("[web]\nlisten_file = \"/nowhere\"\n").contains("unknown field"),
            "only secrets have files"
        );
    }
}
