//! Web audience: distinct people who visited a listed site or category, by who they are.
//!
//! Sites and categories are two clip families; each keeps at most L of a person's cells, and all
//! its tables are projections of what was kept, so shares inside a family may be printed under the
//! guard of privacy model §4. Reach, composition and index: products 14.

use super::Product;
use crate::dimension::Dimension;
use crate::plan::View;

/// People by site and category, gender, age band and region.
pub const WEB_AUDIENCE: Product = Product {
    name: "web_audience",
    summary: "distinct visitors of sites and categories: reach, composition and index",
    view: View::Visit,
    rows: &[&[Dimension::Site], &[Dimension::Category]],
    template: include_str!("../../templates/policy/web_audience.toml"),
};
