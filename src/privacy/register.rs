//! The register of processing, as data: what is kept of people, why, on which ground, for how long.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

const SHIPPED: &str = include_str!("../../profiles/processing.toml");

/// One thing that is done with people's data.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    pub code: String,
    pub purpose: String,
    pub purpose_en: String,
    pub data: Vec<String>,
    pub ground: String,
    pub recipients: Vec<String>,
    pub kept: String,
    pub protection: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    activity: Vec<Activity>,
}

/// The shipped register.
pub fn activities() -> Result<&'static [Activity]> {
    static READ: LazyLock<Option<Vec<Activity>>> =
        LazyLock::new(|| toml::from_str::<File>(SHIPPED).ok().map(|file| file.activity));
    READ.as_deref().ok_or_else(|| Error::internal("the register of processing is unreadable"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_activity_says_why_on_which_ground_and_for_how_long() {
        let all = activities().unwrap();
        assert!(all.len() >= 5);
        for one in all {
            let words = [&one.code, &one.purpose, &one.purpose_en, &one.ground, &one.kept, &one.protection];
            assert!(words.iter().all(|word| !word.trim().is_empty()), "{}", one.code);
            assert!(!one.data.is_empty(), "{}", one.code);
        }
    }
}
