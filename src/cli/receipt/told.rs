//! What `receipt verify --json` prints.

use serde::Serialize;

use super::Examined;
use crate::error::Error;
use crate::receipt::evidence::bundle::Judgement;
use crate::receipt::verify::{DocumentReport, Verdict};
use crate::web::message;

/// All files as one: every document with the file it came from, and the worst verdict.
#[derive(Serialize)]
pub(super) struct Told<'a> {
    /// Why nothing could be judged, or why the first file that could not be read was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ToldError<'a>>,
    documents: Vec<ToldDocument<'a>>,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'a Judgement>,
}

/// In the form of the API's errors.
#[derive(Serialize)]
struct ToldError<'a> {
    code: &'static str,
    message: &'static str,
    message_en: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

#[derive(Serialize)]
struct ToldDocument<'a> {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ToldError<'a>>,
    #[serde(flatten)]
    document: &'a DocumentReport,
}

impl<'a> Told<'a> {
    pub(super) fn of(files: &'a [Examined<'_>]) -> Told<'a> {
        Told {
            error: files.iter().find_map(unread),
            documents: files.iter().flat_map(documents).collect(),
            verdict: worst(files),
            evidence: files.iter().find_map(|file| file.evidence.as_ref()),
        }
    }

    /// What could not even be begun.
    pub(super) fn refused(error: &'a Error) -> Told<'a> {
        let error = Some(ToldError::of(error, None));
        Told { error, documents: Vec::new(), verdict: Verdict::Unreadable, evidence: None }
    }
}

impl<'a> ToldError<'a> {
    fn of(error: &'a Error, file: Option<String>) -> ToldError<'a> {
        let words = message::words(error.code());
        ToldError {
            code: error.code(),
            message: &words.vi,
            message_en: &words.en,
            detail: error.detail(),
            file,
        }
    }
}

fn unread<'a>(file: &'a Examined<'_>) -> Option<ToldError<'a>> {
    file.unread.as_ref().map(|error| ToldError::of(error, Some(named(file))))
}

fn documents<'a>(file: &'a Examined<'_>) -> Vec<ToldDocument<'a>> {
    let found = file.report.documents.iter();
    found.map(|document| ToldDocument { file: named(file), error: unread(file), document }).collect()
}

fn named(file: &Examined<'_>) -> String {
    file.path.display().to_string()
}

fn worst(files: &[Examined<'_>]) -> Verdict {
    let is_one = |verdict: &Verdict| files.iter().any(|file| file.report.verdict == *verdict);
    let worse = [Verdict::Unreadable, Verdict::Invalid, Verdict::Intact];
    worse.into_iter().find(is_one).unwrap_or(Verdict::Valid)
}
