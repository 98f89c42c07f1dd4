use store::Migration;

/// The schema of this half, after the store's own.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 101, name: "directory", sql: include_str!("../migrations/0101_directory.sql") },
    Migration {
        version: 102,
        name: "applications",
        sql: include_str!("../migrations/0102_applications.sql"),
    },
    Migration { version: 103, name: "saml_idp", sql: include_str!("../migrations/0103_saml_idp.sql") },
    Migration {
        version: 104,
        name: "provisioning",
        sql: include_str!("../migrations/0104_provisioning.sql"),
    },
    Migration {
        version: 105,
        name: "saml_settings",
        sql: include_str!("../migrations/0105_saml_settings.sql"),
    },
    Migration { version: 106, name: "claims", sql: include_str!("../migrations/0106_claims.sql") },
    Migration {
        version: 107,
        name: "provisioning_scope_and_plans",
        sql: include_str!("../migrations/0107_provisioning_scope_and_plans.sql"),
    },
    Migration {
        version: 108,
        name: "provisioning_direction",
        sql: include_str!("../migrations/0108_provisioning_direction.sql"),
    },
    Migration {
        version: 109,
        name: "nested_groups",
        sql: include_str!("../migrations/0109_nested_groups.sql"),
    },
    Migration {
        version: 110,
        name: "provisioning_personality",
        sql: include_str!("../migrations/0110_provisioning_personality.sql"),
    },
    Migration {
        version: 111,
        name: "provisioning_comparisons",
        sql: include_str!("../migrations/0111_provisioning_comparisons.sql"),
    },
    Migration {
        version: 112,
        name: "lease_fences",
        sql: include_str!("../migrations/0112_lease_fences.sql"),
    },
    Migration {
        version: 114,
        name: "provisioning_links",
        sql: include_str!("../migrations/0114_provisioning_links.sql"),
    },
    Migration { version: 115, name: "app_roles", sql: include_str!("../migrations/0115_app_roles.sql") },
    Migration {
        version: 117,
        name: "assignment_indexes",
        sql: include_str!("../migrations/0117_assignment_indexes.sql"),
    },
];
