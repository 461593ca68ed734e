//! From pages of operations to the bytes of a document.

use chrono::{Datelike, Timelike};
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::error::KrillaError;
use krilla::geom::{PathBuilder, Point, Rect, Transform};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, SpanTag};
use krilla::{Document, SerializeSettings};

use super::draw::{Draw, Op, Owner};
use super::paragraph::Paragraph;
use super::sheet::{Leaves, Paper};
use super::tree::Tree;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::text;

pub(super) const LANGUAGE: &str = "vi-VN";
const PROGRAM: &str = "bienlai";
const NAMELESS: &str = "–";

/// A time as it is written into a document: local time of Việt Nam.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub year: u16,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
}

impl Moment {
    /// The time in Hà Nội.
    pub fn of(at: Instant) -> Moment {
        let at = at.in_hanoi();
        let small = |number: u32| u8::try_from(number).unwrap_or_default();
        Moment {
            year: u16::try_from(at.year()).unwrap_or_default(),
            month: small(at.month()),
            day: small(at.day()),
            hour: small(at.hour()),
            minute: small(at.minute()),
            second: small(at.second()),
        }
    }
}

/// An XML or CSV file that the document is made from.
pub struct Attachment<'a> {
    pub name: &'a str,
    pub description: &'a str,
    pub bytes: &'a [u8],
}

/// What a document says of itself.
pub struct Description<'a> {
    pub title: &'a str,
    pub author: &'a str,
    /// Unique for the content: the file's identifier is made from it, not from chance.
    pub id: &'a str,
    pub made_at: Moment,
    pub attachment: Attachment<'a>,
    /// Over every page, behind the text.
    pub watermark: Option<&'a str>,
}

const BLACK: (u8, u8, u8) = (0, 0, 0);
const PALE_RED: (u8, u8, u8) = (244, 200, 200);

pub(super) fn emit(
    paper: Paper,
    pages: &[Vec<Op>],
    tree: &mut Tree,
    description: &Description<'_>,
) -> Result<Vec<u8>> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|_| Error::internal("pdf: PDF/A-3a and PDF/UA-1 do not go together"))?;
    let mut document =
        Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    add_pages(&mut document, paper, pages, tree, description.watermark)?;
    let title = or_nameless(text::clean(description.title));
    let mut outline = Outline::new();
    let start = XyzDestination::new(0, Point::from_xy(0.0, 0.0));
    outline.push_child(OutlineNode::new(title.clone(), start));
    document.set_outline(outline);
    document.set_metadata(metadata(&title, description));
    document.set_tag_tree(tree.tags(&title));
    document
        .embed_file(embedded(description))
        .ok_or_else(|| Error::internal("pdf: two attachments have one name"))?;
    document.finish().map_err(|error| Error::internal(format!("pdf: {}", told(&error))))
}

/// Several documents one after the other, to be printed at once: plain pages without attachment or tags.
/// It is a copy for paper; who keeps a file keeps each document's own.
///
/// # Errors
/// `Internal`: a page cannot be drawn. No text may lead there.
pub fn print(title: &str, made_at: Moment, documents: &mut [Leaves]) -> Result<Vec<u8>> {
    let settings = SerializeSettings { enable_tagging: false, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    for leaves in documents {
        add_pages(&mut document, leaves.paper, &leaves.pages, &mut leaves.tree, leaves.watermark)?;
    }
    let metadata = Metadata::new()
        .title(or_nameless(text::clean(title)))
        .language(LANGUAGE.to_owned())
        .producer(PROGRAM.to_owned())
        .creation_date(date(made_at));
    document.set_metadata(metadata);
    document.finish().map_err(|error| Error::internal(format!("pdf: {}", told(&error))))
}

fn add_pages(
    document: &mut Document,
    paper: Paper,
    pages: &[Vec<Op>],
    tree: &mut Tree,
    watermark: Option<&str>,
) -> Result<()> {
    for ops in pages {
        let settings = PageSettings::from_wh(paper.width, paper.height)
            .ok_or_else(|| Error::internal("pdf: the paper has no size"))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        if let Some(words) = watermark {
            draw_watermark(&mut surface, paper, words);
        }
        draw_page(&mut surface, ops, tree);
        surface.finish();
        page.finish();
    }
    Ok(())
}

/// The standards ask for names, and a name can be made of nothing that is seen.
pub(super) fn or_nameless(name: String) -> String {
    if name.is_empty() { NAMELESS.to_owned() } else { name }
}

fn date(at: Moment) -> DateTime {
    DateTime::new(at.year)
        .month(at.month)
        .day(at.day)
        .hour(at.hour)
        .minute(at.minute)
        .second(at.second)
        .utc_offset_hour(7)
        .utc_offset_minute(0)
}

fn metadata(title: &str, description: &Description<'_>) -> Metadata {
    Metadata::new()
        .title(title.to_owned())
        .authors(vec![or_nameless(text::clean(description.author))])
        .language(LANGUAGE.to_owned())
        .creator(PROGRAM.to_owned())
        .producer(PROGRAM.to_owned())
        .creation_date(date(description.made_at))
        .document_id(description.id.to_owned())
}

fn embedded(description: &Description<'_>) -> EmbeddedFile {
    let attachment = &description.attachment;
    EmbeddedFile {
        path: attachment.name.to_owned(),
        mime_type: MimeType::new(media(attachment.name)),
        description: Some(or_nameless(text::clean(attachment.description))),
        association_kind: AssociationKind::Source,
        data: attachment.bytes.to_vec().into(),
        modification_date: Some(date(description.made_at)),
        compress: Some(true),
        location: None,
    }
}

/// What kind of file an attachment is, by the ending of its name.
fn media(name: &str) -> &'static str {
    if name.ends_with(".csv") { "text/csv" } else { "application/xml" }
}

/// Operations of one owner that follow each other share one stretch of tagged content.
fn draw_page(surface: &mut Surface<'_>, ops: &[Op], tree: &mut Tree) {
    surface.set_fill(Some(ink(BLACK)));
    for stretch in ops.chunk_by(|one, other| one.owner == other.owner) {
        let Some(owner) = stretch.first().map(|op| op.owner) else { continue };
        let identifier = surface.start_tagged(tag(owner));
        for op in stretch {
            draw(surface, &op.draw);
        }
        surface.end_tagged();
        if let Owner::Node(node) = owner {
            tree.content(node, identifier);
        }
    }
}

fn tag(owner: Owner) -> ContentTag<'static> {
    let artifact = |kind| ContentTag::Artifact(Artifact::with_kind(kind));
    match owner {
        Owner::Node(_) => ContentTag::Span(SpanTag::empty()),
        Owner::Layout => artifact(ArtifactType::Layout),
        Owner::Repeated => artifact(ArtifactType::PaginationOther),
        Owner::Head => artifact(ArtifactType::Header),
        Owner::Foot => artifact(ArtifactType::Footer),
    }
}

fn draw(surface: &mut Surface<'_>, draw: &Draw) {
    match draw {
        Draw::Rects(rects) => {
            let mut path = PathBuilder::new();
            for &[x, y, width, height] in rects {
                if let Some(rect) = Rect::from_xywh(x, y, width, height) {
                    path.push_rect(rect);
                }
            }
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Draw::Text { x, baseline, text, glyphs, range } => {
            let mut x = *x;
            let line = glyphs.get(range.clone()).unwrap_or_default();
            for run in line.chunk_by(|one, other| one.face == other.face && one.size == other.size) {
                let Some(first) = run.first() else { continue };
                let font = first.face.font().pdf.clone();
                surface.draw_glyphs(Point::from_xy(x, *baseline), run, font, text, first.size, false);
                x += run.iter().map(|glyph| glyph.advance).sum::<f32>();
            }
        }
    }
}

fn ink((red, green, blue): (u8, u8, u8)) -> Fill {
    Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::NonZero,
    }
}

/// Along the rising diagonal, as large as the page allows.
fn draw_watermark(surface: &mut Surface<'_>, paper: Paper, words: &str) {
    const SHARE: f32 = 0.72;
    const LARGEST: f32 = 92.0;
    let diagonal = paper.width.hypot(paper.height);
    let natural = Paragraph::new(1.0).bold(words).shaped().natural_width();
    if natural <= 0.0 {
        return;
    }
    let size = (diagonal * SHARE / natural).min(LARGEST);
    let shaped = Paragraph::new(size).bold(words).shaped();
    let (middle_x, middle_y) = (paper.width / 2.0, paper.height / 2.0);
    let angle = -(paper.height / paper.width).atan().to_degrees();
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Watermark)));
    surface.set_fill(Some(ink(PALE_RED)));
    surface.push_transform(&Transform::from_rotate_at(angle, middle_x, middle_y));
    draw(
        surface,
        &Draw::Text {
            x: middle_x - natural * size / 2.0,
            baseline: middle_y + size * 0.33,
            range: 0..shaped.glyphs.len(),
            text: shaped.text,
            glyphs: shaped.glyphs,
        },
    );
    surface.pop();
    surface.end_tagged();
}

/// The kinds of the rules that were broken; their details would tell what the document says.
fn told(error: &KrillaError) -> String {
    let KrillaError::Validation(broken) = error else { return error.to_string() };
    let kind = |text: String| text.split(['(', ' ', '{']).next().unwrap_or_default().to_owned();
    let mut kinds: Vec<String> = broken.iter().map(|(rule, _)| kind(format!("{rule:?}"))).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.join(", ")
}
