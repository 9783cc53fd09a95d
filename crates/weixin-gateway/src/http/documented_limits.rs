//! The table of limits in the manual, compared with the constants.

use std::{fs, path::Path};

use super::{
    connections::{BY_ADDRESS, BY_SITE, OF_PROXIES, OF_STRANGERS},
    rate_limit::{
        EXCHANGES, EXCHANGES_OF_SITE, FORMS_BY_ADDRESS, FORMS_BY_SITE, FORMS_IN_ALL, REQUESTS,
        SITE_FACTOR,
    },
    server::{METRICS_CONNECTIONS, METRICS_CONNECTIONS_BY_ADDRESS},
};
use crate::config::Limits;

/// The numbers of one address, of an IPv6 network of 48 bits, and of all together.
type Row = [Option<u64>; 3];

/// The rows of the table below a heading.
fn rows(page: &str, heading: &str) -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let text = fs::read_to_string(path.join(page)).unwrap();
    let (_, section) = text.split_once(heading).unwrap();
    let lines = section.lines().skip_while(|line| !line.starts_with('|'));
    let lines = lines.take_while(|line| line.starts_with('|'));
    lines.skip(2).map(row).collect()
}

/// The first number of each of the three cells after the name.
fn row(line: &str) -> Row {
    let cells: Vec<_> = line.split('|').collect();
    [cells[2], cells[3], cells[4]].map(|cell| {
        let cell = cell.replace(',', "");
        let mut numbers = cell.split(|c: char| !c.is_ascii_digit());
        numbers.find_map(|number| number.parse().ok())
    })
}

/// A constant of a file in which it is private.
fn private(source: &str, name: &str) -> u64 {
    let (_, rest) = source.split_once(&format!("const {name}: ")).unwrap();
    let (_, value) = rest.split_once(" = ").unwrap();
    let value = value.split(';').next().unwrap();
    value.replace('_', "").parse().unwrap()
}

fn constants() -> Vec<Row> {
    let Limits {
        waiting_requests,
        logins_per_minute,
        failures_per_minute,
    } = Limits::default();
    let shares = private(include_str!("../store/request_counts.rs"), "SHARES");
    let waiting_writes = private(include_str!("../store/writer/mod.rs"), "MAX_WAITING");
    let exchanges = include_str!("../../../weixin-axum/src/exchange_once.rs");
    let exchanges = private(exchanges, "MAX_IN_FLIGHT");
    let number = |number: usize| Some(u64::try_from(number).unwrap());
    let per_minute = |limit: u32| {
        let limits = [limit, limit * SITE_FACTOR].map(|it| Some(u64::from(it)));
        [limits[0], limits[1], None]
    };
    let in_all = |limit: u64| [None, None, Some(limit)];
    let waiting_requests = u64::from(waiting_requests);
    vec![
        per_minute(logins_per_minute),
        per_minute(logins_per_minute),
        [
            number(EXCHANGES),
            number(EXCHANGES_OF_SITE),
            Some(exchanges),
        ],
        per_minute(failures_per_minute),
        per_minute(failures_per_minute),
        per_minute(failures_per_minute),
        in_all(waiting_requests),
        in_all(waiting_requests.div_ceil(shares)),
        in_all(waiting_writes),
        [FORMS_BY_ADDRESS, FORMS_BY_SITE, FORMS_IN_ALL].map(number),
        [None, None, number(REQUESTS)],
        [BY_ADDRESS, BY_SITE, OF_STRANGERS].map(number),
        [OF_PROXIES; 3].map(number),
        [
            METRICS_CONNECTIONS_BY_ADDRESS,
            METRICS_CONNECTIONS_BY_ADDRESS,
            METRICS_CONNECTIONS,
        ]
        .map(number),
    ]
}

#[test]
fn the_limits_of_the_manual_are_those_of_the_program() {
    let expected = constants();
    for (page, heading) in [
        ("gateway-operation.md", "### Limits per address"),
        ("zh/gateway-operation.md", "### 每个地址的上限"),
    ] {
        assert_eq!(rows(page, heading), expected, "{page}");
    }
}
