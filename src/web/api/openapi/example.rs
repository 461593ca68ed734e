//! The examples of the catalogue: made whole, and read for their shape.

use serde_json::{Map, Value, json};

/// The example with ids one can send: their ends are left out where people read them.
pub fn whole(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().map(with_ids)
}

fn with_ids(value: Value) -> Value {
    match value {
        Value::String(text) => match text.strip_suffix('…') {
            Some(id) if id.get(3..4) == Some("_") && id.len() <= 17 => json!(format!("{id:0<17}")),
            _ => json!(text),
        },
        Value::Array(items) => items.into_iter().map(with_ids).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, inner)| (name, with_ids(inner))).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

/// What an example says of the whole: names and types. Examples leave fields out, so none is required,
/// and any but the outermost may be null.
pub fn shape(value: &Value) -> Value {
    let mut schema = inner(value);
    if value.is_object() {
        schema["type"] = json!("object");
    }
    schema
}

fn inner(value: &Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(_) => json!({ "type": ["boolean", "null"] }),
        Value::Number(_) => json!({ "type": ["integer", "null"] }),
        Value::String(_) => json!({ "type": ["string", "null"] }),
        Value::Array(items) => {
            let of = items.first().map_or_else(|| json!({}), inner);
            json!({ "type": ["array", "null"], "items": of })
        }
        Value::Object(fields) => {
            let of: Map<String, Value> =
                fields.iter().map(|(name, value)| (name.clone(), inner(value))).collect();
            json!({ "type": ["object", "null"], "properties": of })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_made_whole_and_tells_its_shape() {
        let value =
            whole(r#"{ "id": "obl_01j9…", "qr": "00020101…", "n": 1, "of": [{ "a": null }] }"#).unwrap();
        assert_eq!(value["id"], "obl_01j9000000000");
        assert_eq!(value["qr"], "00020101…", "only ids are made whole");
        let told = shape(&value);
        assert_eq!(told["type"], "object");
        assert_eq!(told["properties"]["n"], json!({ "type": ["integer", "null"] }));
        assert_eq!(told["properties"]["of"]["items"]["properties"]["a"], json!({}));
    }
}
