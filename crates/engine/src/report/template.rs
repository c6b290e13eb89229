//! The template language of the page: `{{name}}` and `{{#name}} … {{/name}}`.
//!
//! One pass, so braces inside a filled slot are never read again. A block is kept when its slot is
//! filled; blocks of different names may nest.

use std::collections::BTreeMap;

use super::html::Html;

/// What fills the slots of a template, by name.
pub(super) type Slots = BTreeMap<&'static str, Html>;

/// `template` with `slots` filled in; a slot without content is left empty.
pub(super) fn fill(template: &str, slots: &Slots) -> String {
    let mut page = String::new();
    let mut rest = template;
    while let Some((before, tail)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, after)) = tail.split_once("}}") else { break };
        rest = after;
        let Some(block) = name.strip_prefix('#') else {
            page.push_str(slots.get(name).map_or("", Html::as_str));
            continue;
        };
        if let Some((inner, after)) = after.split_once(&format!("{{{{/{block}}}}}")) {
            if slots.contains_key(block) {
                page.push_str(&fill(inner, slots));
            }
            rest = after;
        }
    }
    page.push_str(rest);
    page
}
