//! Numbers as people read them.

use super::figures::Estimate;

/// `12345` as `12,345`.
pub(super) fn thousands(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::from(if value < 0 { "−" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The ends of the 95% interval.
pub(super) fn interval(it: Estimate) -> String {
    format!("{} to {}", thousands(it.lo), thousands(it.hi))
}

/// A share of 0 to 1 as a percentage, two decimals under one per cent.
pub(super) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        it if !it.is_finite() => "–".to_owned(),
        it if it.abs() < 1.0 => format!("{it:.2}%"),
        it => format!("{it:.1}%"),
    }
}

/// `part` of `whole` in per cent, for widths and words; rounded down, so hidden is never "none".
pub(super) fn percent_of(part: i64, whole: i64) -> String {
    let permille = part.saturating_mul(1000).checked_div(whole).unwrap_or(0);
    format!("{}.{}", permille / 10, (permille % 10).abs())
}

/// Up to nine decimals, the grain of ρ, without trailing zeros.
pub(super) fn decimal(value: f64) -> String {
    let text = format!("{value:.9}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Two decimals, rounded up: a bound is never printed smaller than it is.
pub(super) fn bound(value: f64) -> String {
    format!("{:.2}", (value * 100.0 - 1e-9).ceil() / 100.0)
}

/// Powers of ten for the very small, three digits, rounded up: `1.1 × 10⁻⁹`.
pub(super) fn scientific(value: f64) -> String {
    if !value.is_normal() || value.abs() >= 0.001 {
        return decimal(value);
    }
    let nearest = format!("{value:.2e}");
    let (digits, _) = nearest.split_once('e').unwrap_or((&nearest, ""));
    let too_small = nearest.parse().is_ok_and(|it: f64| it < value * (1.0 - 1e-12));
    let half = if too_small { 0.004_99 / digits.parse().unwrap_or(1.0) } else { 0.0 };
    let text = format!("{:.2e}", value * (1.0 + half));
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    let raised: String = power.chars().map(superscript).collect();
    if digits == "1" { format!("10{raised}") } else { format!("{digits} × 10{raised}") }
}

/// A decimal in text as [`scientific`] writes it; any other text as it is.
pub(super) fn scientific_text(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), scientific)
}

fn superscript(letter: char) -> char {
    match letter {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        other => other,
    }
}
