use super::*;

#[test]
fn show() {
    let policy = policy();
    let planner = planner(&policy, &["2026-10"]);
    let text = std::fs::read_to_string("/work/shared/oracles/adversarial.sql").unwrap();
    for line in text.lines().filter(|it| it.starts_with(|c: char| c.is_ascii_digit())) {
        let (number, rest) = line.split_once(' ').unwrap();
        let (sql, expected) = rest.split_once("--").unwrap_or((rest, ""));
        let sql = sql.trim().trim_end_matches(';').replace("postcode_sector", "sector").replace("ts", "day");
        match planner.decide(&sql) {
            Ok(it) => println!("{number} {sql}\n   => {} questions, free {}  EXPECT{expected}", it.questions.len(), it.is_free()),
            Err(cause) => println!("{number} {sql}\n   => {cause}\n  EXPECT{expected}"),
        }
    }
}
