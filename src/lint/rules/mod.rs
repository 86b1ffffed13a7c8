//! The table of rules. A rule is one file here, one line in the table and one cases file under `tests/cases/rules`;
//! a test holds the three together. In a rule's file the check comes last.

/// Declares the modules and the table in one go.
macro_rules! table {
    ($($rule:ident),* $(,)?) => {
        $(mod $rule;)*

        pub(super) static RULES: &[&super::rule::Rule] = &[$(&$rule::RULE),*];
    };
}

table! {
    add_local_file,
    archive_left,
    base_image_not_allowed,
    broken_entrypoint_script,
    build_only_env,
    cd_in_run,
    consecutive_runs,
    dockerignore_gap,
    end_of_life_base,
    entrypoint_without_exec,
    ignored_file_copied,
    invalid_port,
    invalid_utf8,
    label_format,
    large_base,
    latest_tag,
    legacy_key_value,
    maintainer_instruction,
    malformed_pragma,
    many_processes,
    missing_command,
    missing_dockerignore,
    missing_expose,
    missing_healthcheck,
    missing_label,
    missing_probe_program,
    missing_volume,
    mixed_run,
    package_lists_left,
    pip_cache_left,
    probe_without_fail,
    relative_destination,
    relative_workdir,
    repeated_instruction,
    runtime_by_packages,
    secret_in_env,
    several_servers,
    shell_form_command,
    source_before_dependencies,
    split_update_install,
    syntax_error,
    system_volume,
    unchecked_command,
    undefined_variable,
    unexpected_label,
    unpinned_packages,
    untagged_image,
    unverified_download,
    upgrade_in_build,
    write_after_volume,
}
