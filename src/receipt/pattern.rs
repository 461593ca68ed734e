//! The few regular expressions that legal profiles need: series and template patterns are data.
//!
//! Understood: literal characters, `\d`, classes such as `[A-Z]` or `[02]`, a repeat count `{n}` or `{n,m}`
//! (as many as there are), and the anchors `^` and `$`, which every pattern carries because it describes a whole text.

/// One place of a pattern: which characters fit, and how many of them follow each other.
struct Place<'a> {
    accepts: Accepts<'a>,
    least: usize,
    most: usize,
}

enum Accepts<'a> {
    Literal(char),
    Digit,
    Class(&'a str),
}

impl Accepts<'_> {
    fn fits(&self, found: char) -> bool {
        match self {
            Accepts::Literal(wanted) => *wanted == found,
            Accepts::Digit => found.is_ascii_digit(),
            Accepts::Class(class) => class_holds(class, found),
        }
    }
}

/// `A-Z` is a range, everything else stands for itself.
fn class_holds(class: &str, found: char) -> bool {
    let members: Vec<char> = class.chars().collect();
    let mut rest = members.as_slice();
    loop {
        match rest {
            [low, '-', high, tail @ ..] => {
                if (*low..=*high).contains(&found) {
                    return true;
                }
                rest = tail;
            }
            [one, tail @ ..] => {
                if *one == found {
                    return true;
                }
                rest = tail;
            }
            [] => return false,
        }
    }
}

/// Whether `text` as a whole has the form of `pattern`. A pattern outside the subset fits nothing.
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some(places) = places(pattern) else { return false };
    let mut letters = text.chars().peekable();
    let fits = places.iter().all(|place| {
        let taken = (0..place.most).take_while(|_| letters.next_if(|c| place.accepts.fits(*c)).is_some());
        taken.count() >= place.least
    });
    fits && letters.next().is_none()
}

/// Whether a pattern is within the subset.
pub fn is_readable(pattern: &str) -> bool {
    places(pattern).is_some()
}

/// The two digits of the year in a text that fits the pattern: where the pattern has its first
/// `\d{2}`. None when the pattern has no year.
pub fn year_digits<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
    let mut start = 0;
    for place in places(pattern)? {
        if matches!(place.accepts, Accepts::Digit) && (place.least, place.most) == (2, 2) {
            return text.get(start..start + 2);
        }
        start += text.get(start..)?.chars().take(place.least).map(char::len_utf8).sum::<usize>();
    }
    None
}

fn places(pattern: &str) -> Option<Vec<Place<'_>>> {
    let mut rest = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let mut places = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (accepts, after) = if let Some(after) = rest.strip_prefix(r"\d") {
            (Accepts::Digit, after)
        } else if let Some(after) = rest.strip_prefix('[') {
            let (class, after) = after.split_once(']')?;
            (Accepts::Class(class), after)
        } else if r".*+?()|\{}]".contains(first) {
            return None;
        } else {
            (Accepts::Literal(first), rest.strip_prefix(first)?)
        };
        let (least, most, after) = count(after)?;
        places.push(Place { accepts, least, most });
        rest = after;
    }
    Some(places)
}

/// The least and the most, and what follows.
fn count(rest: &str) -> Option<(usize, usize, &str)> {
    let Some(after) = rest.strip_prefix('{') else { return Some((1, 1, rest)) };
    let (count, after) = after.split_once('}')?;
    let (least, most) = count.split_once(',').unwrap_or((count, count));
    let (least, most): (usize, usize) = (least.parse().ok()?, most.parse().ok()?);
    (least <= most && most <= 64).then_some((least, most, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_describes_the_whole_text() {
        let template = r"^0[12]BLP0-\d{3}$";
        assert!(matches(template, "01BLP0-001"));
        assert!(matches(template, "02BLP0-999"));
        for wrong in ["03BLP0-001", "01BLP2-001", "01BLP0-01", "01BLP0-0011", "x01BLP0-001", ""] {
            assert!(!matches(template, wrong), "{wrong}");
        }
        assert!(matches(r"^[A-Z]{2}-\d{2}E$", "BL-26E"));
        assert!(!matches(r"^[A-Z]{2}-\d{2}E$", "bl-26E"));
        assert!(!matches(r"^[A-Z]{2}-\d{2}E$", "ĐL-26E"));
    }

    #[test]
    fn a_repeat_may_have_a_least_and_a_most() {
        let passport = "^[A-Z0-9]{5,20}$";
        assert!(matches(passport, "C1234567") && matches(passport, &"A".repeat(20)));
        for wrong in ["c1234567", "C-1234567", "C123", &"A".repeat(21)] {
            assert!(!matches(passport, wrong), "{wrong}");
        }
    }

    #[test]
    fn the_year_stands_where_the_pattern_has_two_digits() {
        assert_eq!(year_digits(r"^[A-Z]{2}-\d{2}E$", "BL-26E"), Some("26"));
        assert_eq!(year_digits(r"^[CK]\d{2}[TD][A-Z]{2}$", "K27TAA"), Some("27"));
        assert_eq!(year_digits(r"^0[12]BLP0-\d{3}$", "01BLP0-001"), None);
    }

    #[test]
    fn a_pattern_outside_the_subset_fits_nothing() {
        for pattern in ["BL", "^a+$", "^(a|b)$", "^a{x}$", "^[ab$", "^a{9999}$", "^a{3,2}$"] {
            assert!(!matches(pattern, "a"), "{pattern}");
        }
    }
}
