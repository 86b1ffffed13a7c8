//! The table of rules. A rule is one file here, one line in the table and one cases file under `tests/cases/rules`;
//! a test holds the three together. In a rule's file the check comes last. `fixable` marks rules that offer fixes, which
//! their cases show.

/// Declares the modules and the table in one go.
macro_rules! table {
    ($($rule:ident $($fixable:ident)?),* $(,)?) => {
        $(pub(super) mod $rule;)*

        pub(super) static RULES: &[&super::rule::Rule] = &[$(&$rule::RULE),*];

        pub(super) static FIXABLE: &[&super::rule::Rule] = &[$($($fixable!($rule),)?)*];
    };
}

macro_rules! fixable {
    ($rule:ident) => {
        &$rule::RULE
    };
}

table! {
    add_local_file fixable,
    apt_in_script fixable,
    archive_copied,
    archive_left,
    base_image_not_allowed,
    broken_entrypoint_script,
    build_only_env,
    cd_in_run fixable,
    consecutive_runs fixable,
    copy_from_itself,
    definition_description,
    dockerignore_gap,
    duplicate_stage_name,
    empty_continuation fixable,
    end_of_life_base,
    entrypoint_without_exec,
    filesystem_copied,
    from_as_casing fixable,
    ignored_file_copied,
    inline_ignore,
    instruction_casing fixable,
    invalid_default_image,
    invalid_label_key,
    invalid_port fixable,
    invalid_utf8,
    label_format,
    large_base,
    latest_tag,
    legacy_key_value fixable,
    maintainer_instruction fixable,
    malformed_pragma,
    many_processes,
    missing_command,
    missing_dockerignore fixable,
    missing_expose,
    missing_healthcheck,
    missing_label,
    missing_probe_program,
    missing_source,
    missing_volume,
    mixed_run,
    named_user,
    package_lists_left fixable,
    pip_cache_left fixable,
    pipe_without_pipefail fixable,
    platform_in_from,
    pragma_not_allowed,
    pointless_program,
    probe_without_fail,
    recommended_packages fixable,
    redundant_platform,
    relative_destination,
    relative_workdir,
    repeated_instruction,
    reserved_stage_name,
    root_user,
    runtime_by_packages,
    secret_in_env,
    several_servers,
    several_sources_to_file,
    shell_form_command fixable,
    shell_replaced,
    shellcheck,
    source_before_dependencies fixable,
    split_update_install,
    stage_name_casing fixable,
    sudo,
    syntax_error,
    system_volume,
    unchecked_command,
    unconfirmed_install fixable,
    undefined_variable,
    unexpected_label,
    unknown_stage,
    unpinned_go_program,
    unpinned_packages,
    untagged_image,
    unused_ignore_pattern,
    unused_pragma,
    unverified_download,
    upgrade_in_build fixable,
    useradd_fills_log fixable,
    wget_and_curl,
    wget_progress fixable,
    write_after_volume,
    wrong_base_platform,
    yarn_cache_left fixable,
}
