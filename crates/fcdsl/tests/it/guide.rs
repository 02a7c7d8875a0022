//! The examples of docs/fcdsl.md are run: each is a query and what it finds.

use serde_json::Value;
use tally_fcdsl::{Search, evaluate};

use crate::table::{RULES, SCHEMA};

const GUIDE: &str = include_str!("../../../../docs/fcdsl.md");

/// The text of each fenced block that begins with the line "```json name".
fn blocks(name: &str) -> Vec<Value> {
    let start = format!("```json {name}\n");
    let texts = GUIDE.split(&start).skip(1).filter_map(|rest| rest.split("```").next());
    texts
        .map(|text| serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}")))
        .collect()
}

#[test]
fn examples_find_what_the_guide_says() {
    let documents: Vec<Value> = match blocks("documents").as_slice() {
        [Value::Array(documents)] => documents.clone(),
        other => panic!("one list of documents expected: {other:?}"),
    };
    let (queries, answers) = (blocks("query"), blocks("answer"));
    assert!(queries.len() >= 10 && queries.len() == answers.len());
    for (query, answer) in queries.iter().zip(answers) {
        let found = match Search::parse(Some(query), &RULES) {
            Ok(search) => {
                let answer = evaluate(&search, &SCHEMA, &documents);
                let ids: Vec<&Value> =
                    answer.rows.iter().map(|row| &documents[*row]["sid"]).collect();
                let mut found = serde_json::json!({"total": answer.total, "ids": ids});
                if let Some(last) = answer.last {
                    found["last"] = serde_json::json!(last);
                }
                found
            }
            Err(error) => {
                serde_json::json!({"code": error.code(), "problem": error.to_string()})
            }
        };
        assert_eq!(found, answer, "{query}");
    }
}
