pub(super) fn has_header(_: &str) -> bool { false }
pub(super) fn read(_: &str) -> super::parse::Reading { unimplemented!() }
