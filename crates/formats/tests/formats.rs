//! Each format read back with a library that did not write it; nothing needs to be installed.

#![expect(clippy::unwrap_used, reason = "a test may fail and say why")]

mod formats {
    mod checks;
    mod descriptions;
    mod json_stat;
    mod maps;
    mod random;
    pub mod sample;
    mod sdmx;
    mod workbook;
}
