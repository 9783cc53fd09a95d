//! `docs/reference.md` and `docs/zh/reference.md` are generated from the program; `UPDATE_DOCS=1` writes them.

mod chinese;
mod commands;
mod configuration;
mod control_api;
mod gateway_configuration;
mod markdown;
mod metrics;
mod variables;

use std::{env, fs, path::Path};

use weixin::Language;

use crate::lang::Pick;

/// The whole page in one language.
fn page(language: Language) -> String {
    let parts = [
        head(language),
        commands::section(language),
        variables::section(language),
        configuration::section(language),
        gateway_configuration::section(language),
        control_api::section(language),
        metrics::section(language),
    ];
    parts.join("\n")
}

fn head(language: Language) -> String {
    language
        .pick(
            "\
# 参考：命令、设置与指标

[English](../reference.md) · 由程序生成：`weixin` 的所有命令、选项和环境变量，`sim.toml` 和 `gateway.toml` 的所有设置，模拟器控制接口的所有调用，以及 SDK 和网关的所有指标。
用法请看[模拟器](simulator.md)、[weixin doctor：诊断](doctor.md)和[上线检查清单](production.md)；错误码请看[微信错误码](errors.md)。
",
            "\
# Reference: commands, settings and metrics

[中文](zh/reference.md) · Generated from the program: all commands, options and environment variables of `weixin`, all keys of
`sim.toml` and `gateway.toml`, all calls of the simulator's control API, and all metrics of the SDK and the gateway. [The simulator](simulator.md),
[weixin doctor](doctor.md) and [Going to production](production.md) explain how to use them, and [Error codes](errors.md)
has WeChat's errors.
",
        )
        .to_owned()
}

#[test]
fn the_reference_matches_the_program() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for (file, language) in [
        ("reference.md", Language::English),
        ("zh/reference.md", Language::Chinese),
    ] {
        let (file, expected) = (docs.join(file), page(language));
        if env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&file, &expected).unwrap();
        }
        let found = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            found == expected,
            "{} is out of date: run this test with UPDATE_DOCS=1",
            file.display()
        );
    }
}
