//! How the kernel's types are written in JSON.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};

macro_rules! written {
    ($($type:ident as $schema:tt),+ $(,)?) => {$(
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+};
}

written! {
    Dong as { "type": "integer", "format": "int64", "minimum": i64::MIN, "maximum": i64::MAX, "description": "đồng" },
    Instant as { "type": "string", "format": "date-time" },
    BusinessDay as { "type": "string", "format": "date" },
}
