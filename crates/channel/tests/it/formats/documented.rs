use super::file::Vectors;

const FORMATS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/formats.md"));

/// One row of a byte table.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    offset: usize,
    length: usize,
    field: String,
}

/// Returns the rows of the first table behind `heading` and what else the heading's line says.
fn table(heading: &str) -> (&'static str, Vec<Row>) {
    let (_, section) = FORMATS.split_once(&format!("\n{heading}")).unwrap();
    let (rest, section) = section.split_once('\n').unwrap();
    let rows = section
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            let (offset, length) = (cells[1].parse().unwrap(), cells[2].parse().unwrap());
            Row { offset, length, field: cells[3].to_owned() }
        })
        .collect();
    (rest, rows)
}

/// Goal: the byte tables of docs/formats.md are those of the messages in the vectors.
#[test]
fn byte_tables_are_true() {
    for vector in Vectors::committed().messages {
        let kind: u8 = vector.fields[1].value.parse().unwrap();
        let (title, own) = table(&format!("#### {kind} "));
        let mut documented = if kind < 16 { table("### Envelopes").1 } else { vec![] };
        documented.extend(own);

        let mut offset = 0;
        let mut actual = vec![];
        for field in &vector.fields {
            let length = field.packed().len();
            actual.push(Row { offset, length, field: field.name.clone() });
            offset += length;
        }
        assert_eq!(documented, actual, "{title}");
        assert!(title.ends_with(&format!(", {offset} bytes")), "{title} has {offset} bytes");
    }
}

/// Goal: the types that participants sign are written in the document as they are hashed.
#[test]
fn types_are_written_as_they_are_hashed() {
    for vector in Vectors::committed().typed_data {
        let row = format!("\n| `{}` |", vector.encoded_type());
        assert!(FORMATS.contains(&row), "{row}");
    }
}
