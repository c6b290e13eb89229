//! Released numbers against the twin's, as a drawing: axes by square root, so that noise of one size
//! looks of one size at both ends of a number of people.

use super::html::Html;
use super::thousands;
use crate::number::{count, whole};

const SIDE: f64 = 420.0;
const LEFT: f64 = 62.0;
const TOP: f64 = 12.0;
/// Points that are drawn: enough to see a cloud, few enough for a page.
const POINTS_MAX: u64 = 1_500;

/// The drawing of (released, twin) pairs; nothing when there are none.
pub(super) fn scatter(points: &[(f64, f64)], html: Html) -> Html {
    let top = points.iter().fold(0.0_f64, |top, it| top.max(it.0).max(it.1));
    if top <= 0.0 {
        return html;
    }
    let mut shown = points.to_vec();
    shown.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let step = usize::try_from(count(shown.len()).div_ceil(POINTS_MAX)).unwrap_or(1).max(1);
    let along = |value: f64| (value / top).sqrt() * SIDE;
    let number = |value: f64| format!("{value:.1}");
    let html = html
        .raw("<figure><svg viewBox=\"0 0 500 480\" role=img aria-labelledby=scatter-title><title id=scatter-title>Released number and the twin’s, one point a published cell</title>")
        .raw("<line class=same x1=62 y1=432 x2=482 y2=12 />");
    let html = html.each(ticks(top), |html, tick| {
        let (x, y) = (LEFT + along(tick), TOP + SIDE - along(tick));
        let label = thousands(whole(tick));
        html.raw("<line class=axis x1=62 x2=482 y1=\"")
            .text(&number(y))
            .raw("\" y2=\"")
            .text(&number(y))
            .raw("\" /><text text-anchor=end x=56 y=\"")
            .text(&number(y + 4.0))
            .raw("\">")
            .text(&label)
            .raw("</text><text text-anchor=middle y=450 x=\"")
            .text(&number(x))
            .raw("\">")
            .text(&label)
            .raw("</text>")
    });
    let html = html.each(shown.iter().step_by(step), |html, (released, twin)| {
        html.raw("<circle r=2.6 cx=\"")
            .text(&number(LEFT + along(*released)))
            .raw("\" cy=\"")
            .text(&number(TOP + SIDE - along(*twin)))
            .raw("\" />")
    });
    let html = html.raw("<text text-anchor=end x=482 y=472>released, people</text><text x=66 y=24>twin, people</text></svg><figcaption>One point a published cell");
    let html = if step > 1 { html.raw(" (a part of them)") } else { html };
    html.raw("; on the dashed line the twin repeats the released number. Both axes by square root.</figcaption></figure>")
}

/// Up to five round numbers below `top` that lie well apart on an axis by square root.
fn ticks(top: f64) -> Vec<f64> {
    let mut unit = 1.0;
    while unit * 10.0 <= top {
        unit *= 10.0;
    }
    let steps = if top / unit >= 5.0 { [0.0, 0.5, 2.0, 5.0] } else { [0.0, 0.2, 1.0, 2.0] };
    let all = steps.map(|it| it * unit);
    all.into_iter().filter(|it| *it <= top).collect()
}
